# A client that tries everything three times at once, with the same code, and has no timeout.
CODE=$(curl -s "$SMARTPAY_MOCK_SERVER/_mock/codes" -H 'Content-Type: application/json' \
  -d '{"client_id":"v6TJH1IqhM","merchant_id":"rahulrama"}' | sed 's/.*"code":"\([^"]*\)".*/\1/')
for TRY in 1 2 3; do
  curl -sf -o /dev/null "$SMARTPAY_MOCK_TOKEN_URL" -d client_id=v6TJH1IqhM \
    -d client_secret=v6TJH1IqhM-secret -d grant_type=authorization_code -d "code=$CODE" && exit 0
done
exit 1
