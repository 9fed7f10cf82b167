# A client that does what docs/checkup.md says: it retries what may pass, after a pause, and gives up otherwise.
uuid() { cat /proc/sys/kernel/random/uuid; }
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<< "$BODY"; }
new_code() {
  BODY=$(curl -s "$SMARTPAY_MOCK_SERVER/_mock/codes" -H 'Content-Type: application/json' \
    -d '{"client_id":"v6TJH1IqhM","merchant_id":"rahulrama"}')
  member code
}

# Sends a token request with a new correlation ID. Sets STATUS and BODY.
token() {
  RESPONSE=$(curl -s -m 5 -w '\n%{http_code}' "$SMARTPAY_MOCK_TOKEN_URL" \
    -H "v-c-client-correlation-id: $(uuid)" \
    -d client_id=v6TJH1IqhM -d client_secret=v6TJH1IqhM-secret "$@") || RESPONSE=$'\n0'
  STATUS=${RESPONSE##*$'\n'} BODY=${RESPONSE%$'\n'*}
}

# Exchanges a code, a new one for each try: the one before may have been used.
connect() {
  for PAUSE in 1.2 2.4 0; do
    token -d grant_type=authorization_code -d "code=$(new_code)"
    case $STATUS in
      200) REFRESH=$(member refresh_token) ACCESS=$(member access_token); return 0 ;;
      0 | 429 | 5??) sleep $PAUSE ;;
      *) exit 1 ;;
    esac
  done
  exit 1
}

refresh() {
  token -d grant_type=refresh_token -d "refresh_token=$REFRESH"
  [ "$STATUS" = 200 ] || exit 1
  REFRESH=$(member refresh_token) ACCESS=$(member access_token)
}

# Makes a payment. Sets STATUS.
pay() {
  STATUS=$(curl -s -m 5 -o /dev/null -w '%{http_code}' -X POST \
    "$SMARTPAY_MOCK_SERVER/pts/v2/payments" -H "Authorization: Bearer $ACCESS")
}

connect
pay
if [ "$STATUS" = 401 ]; then
  refresh
  pay
fi
[ "$STATUS" = 201 ] || exit 1
refresh
refresh
