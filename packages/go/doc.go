// Package smartpaymock starts a mock of the Smartpay Fuse OAuth 2.0 authorization server for tests of
// its clients, and controls it. The server is a program inside the module: there is nothing to install,
// and the module has no dependencies.
//
// # In a test
//
// [Start] starts a server on a free port. It ends with the test, and the test fails if an expectation
// is not met:
//
//	func TestTheClientRetries(t *testing.T) {
//		mock := smartpaymock.Start(t)
//		mock.Inject(smartpaymock.Scenario{
//			When:    smartpaymock.When{GrantType: "refresh_token"},
//			Respond: smartpaymock.Outcomes{{Error: smartpaymock.ServerError}},
//			Times:   2,
//		}).Expect(2)
//
//		myClient(mock.TokenURL()).Refresh(mock.IssueTokens().RefreshToken)
//	}
//
// When a test fails, its log shows the requests that the mock received, the reason for each response,
// and notes on what the real server would reject.
//
// # One server for all tests
//
// [New] starts a server without a test, for example in TestMain. [Server.ForTest] then gives each test a
// realm of its own: an isolated server on a port of its own, within the same process.
//
// # Two layers
//
// A [Mock] belongs to a test: its methods have neither a context nor an error, since a call that fails
// ends the test as [testing.T.Fatal] does. Like that method, they must be called from the goroutine of
// the test, but for [Mock.Now]. A [Server] and a [Realm] have the same methods with a context and an
// error. [Mock.Realm] leads from the first to the second.
//
// # Time
//
// Lifetimes, claims and dates follow the clock of the realm: [Mock.Advance], [Mock.SetTime],
// [Mock.Freeze]. Code under test that takes a func() time.Time can take [Mock.Now]. [Mock.Travel] moves
// the clock of the realm together with others.
//
// # Environment
//
// SMARTPAY_MOCK_SERVER names a server that runs already. [Start] and [New] then take a realm there.
// SMARTPAY_OAUTH_MOCK_BINARY names another program than the one of the module.
package smartpaymock
