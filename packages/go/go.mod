module github.com/smartpay-oauth-mock/smartpaymock

go 1.21
