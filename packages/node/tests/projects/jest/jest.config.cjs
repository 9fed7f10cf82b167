module.exports = {
  globalSetup: 'smartpay-oauth-mock/jest',
  globalTeardown: 'smartpay-oauth-mock/jest',
  transform: {},
}
