module github.com/smartpay-oauth-mock/smartpaymock/examples/oauth2

go 1.23.0

require (
	github.com/smartpay-oauth-mock/smartpaymock v0.0.0
	golang.org/x/oauth2 v0.30.0
)

replace github.com/smartpay-oauth-mock/smartpaymock => ../..
