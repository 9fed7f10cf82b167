package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Certificates;
import io.github.smartpayoauthmock.internal.ControlClient;
import io.github.smartpayoauthmock.internal.FixtureText;
import io.github.smartpayoauthmock.internal.FollowingClock;
import io.github.smartpayoauthmock.internal.Json;
import io.github.smartpayoauthmock.internal.KeyStores;
import io.github.smartpayoauthmock.internal.RealmClient;
import io.github.smartpayoauthmock.internal.RequestText;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * A mock of the authorization server, on a free port of this machine: a server of its own, or a
 * realm of one, which is an isolated server with the same calls.
 *
 * <pre>{@code
 * try (SmartpayMock mock = SmartpayMock.start()) {
 *   String code = mock.issueCode();
 *   client.exchange(mock.tokenUrl(), code);
 *   mock.verify(request -> request.grantType("authorization_code").status(200));
 * }
 * }</pre>
 *
 * <p>{@code SMARTPAY_MOCK_SERVER} names a server that runs already; then a started mock is a new
 * realm there. The server ends with the process that started it, however that ends.
 */
public final class SmartpayMock implements AutoCloseable {
  static final String CLIENT_ID = "v6TJH1IqhM";
  static final String MERCHANT_ID = "rahulrama";

  private final Backend backend;
  private final SmartpayMock parent;
  private final AtomicBoolean isClosed = new AtomicBoolean();
  private final List<SmartpayMock> realms = new CopyOnWriteArrayList<>();
  private final List<Consumer<Duration>> travelers = new CopyOnWriteArrayList<>();
  private final Clock clock = new FollowingClock(() -> clock().now(), ZoneOffset.UTC);

  /** Takes what is behind it, and the mock that it is a realm of; null for none. */
  SmartpayMock(Backend backend, SmartpayMock parent) {
    this.backend = backend;
    this.parent = parent;
  }

  /**
   * Starts a server with the built-in fixtures.
   *
   * @return the mock, which has to be closed
   * @throws SmartpayMockException if it cannot start
   */
  public static SmartpayMock start() {
    return builder().start();
  }

  /**
   * Returns a builder for a server with fixtures and options.
   *
   * @return the builder
   */
  public static SmartpayMockBuilder builder() {
    return new SmartpayMockBuilder();
  }

  /**
   * Returns the URL of the server or realm.
   *
   * @return the URL, without a slash at the end
   */
  public URI baseUrl() {
    return backend.baseUrl();
  }

  /**
   * Returns the URL of the token endpoint.
   *
   * @return the URL
   */
  public URI tokenUrl() {
    return URI.create(baseUrl() + "/oauth2/v3/token");
  }

  /**
   * Returns the URL to which a browser is sent for the merchant's consent.
   *
   * @return the URL, without parameters
   */
  public URI authorizeUrl() {
    return backend.authorizeUrl();
  }

  /**
   * Returns the name of the realm.
   *
   * @return the name; {@code default} for a server
   */
  public String realmName() {
    return backend.realmName();
  }

  /**
   * Returns the client of the built-in fixtures.
   *
   * @return the ID of the client
   */
  public String clientId() {
    return CLIENT_ID;
  }

  /**
   * Returns the secret of {@link #clientId}.
   *
   * @return the secret
   */
  public String clientSecret() {
    return CLIENT_ID + "-secret";
  }

  /**
   * Returns the merchant of the built-in fixtures.
   *
   * @return the ID of the merchant
   */
  public String merchantId() {
    return MERCHANT_ID;
  }

  /**
   * Issues an authorization code, as if the merchant had consented.
   *
   * @return the code
   */
  public String issueCode() {
    return issueCode(UnaryOperator.identity());
  }

  /**
   * Issues an authorization code, as if a merchant had consented.
   *
   * @param options such as {@code code -> code.clientId("my-app").scopes("transactions")}
   * @return the code
   */
  public String issueCode(UnaryOperator<CodeOptions> options) {
    Map<String, Object> body = options.apply(CodeOptions.DEFAULTS).toJson();
    return Json.text(realm().call("POST", "/codes", body), "code");
  }

  /**
   * Issues tokens without a flow.
   *
   * @return the token response
   */
  public Tokens issueTokens() {
    return issueTokens(UnaryOperator.identity());
  }

  /**
   * Issues tokens without a flow.
   *
   * @param options such as {@code tokens -> tokens.clientId("my-app")}
   * @return the token response
   */
  public Tokens issueTokens(UnaryOperator<TokenOptions> options) {
    Map<String, Object> body = options.apply(TokenOptions.DEFAULTS).toJson();
    return Tokens.of(realm().call("POST", "/tokens", body));
  }

  /**
   * Returns what merchants have consented to.
   *
   * @return the grants
   */
  public List<Grant> grants() {
    return Json.objects(realm().call("GET", "/grants"), "grants").stream().map(Grant::of).toList();
  }

  /**
   * Revokes a grant as its merchant: its access tokens stop working at once.
   *
   * @param id the ID of a grant
   */
  public void revokeGrant(String id) {
    realm().call("DELETE", "/grants/" + ControlClient.encode(id));
  }

  /**
   * Injects a scenario. It comes before all others.
   *
   * @param scenario what the server does, and to which requests
   * @return the scenario in force, until it is closed or the mock ends
   */
  public Injection inject(Scenario scenario) {
    RealmClient realm = realm();
    Map<String, Object> created = realm.call("POST", "/scenarios", scenario.toJson());
    return new Injection(realm, Json.text(created, "name"));
  }

  /**
   * Returns the recorded requests.
   *
   * @return the requests, the oldest first
   */
  public List<RecordedRequest> requests() {
    return requests(UnaryOperator.identity());
  }

  /**
   * Returns the recorded requests that meet conditions.
   *
   * @param filter such as {@code request -> request.clientId("my-app")}
   * @return the requests, the oldest first
   */
  public List<RecordedRequest> requests(UnaryOperator<RequestFilter> filter) {
    String query = filter.apply(RequestFilter.ALL).toQuery();
    Map<String, Object> page =
        realm().call("GET", "/requests" + (query.isEmpty() ? "" : "?" + query));
    return Json.objects(page, "requests").stream().map(RecordedRequest::new).toList();
  }

  /**
   * Verifies that at least one request meets conditions.
   *
   * @param filter such as {@code request -> request.error("server_error")}
   * @throws AssertionError if none does, with the closest requests
   */
  public void verify(UnaryOperator<RequestFilter> filter) {
    verify(filter, Times.atLeast(1));
  }

  /**
   * Verifies how many requests meet conditions.
   *
   * @param filter such as {@code request -> request.error("server_error")}
   * @param times how many requests
   * @throws AssertionError if it is another number, with the closest requests
   */
  public void verify(UnaryOperator<RequestFilter> filter, Times times) {
    verify(filter, times, Duration.ZERO);
  }

  /**
   * Verifies how many requests meet conditions, and waits for it.
   *
   * @param filter such as {@code request -> request.error("server_error")}
   * @param times how many requests
   * @param wait the longest time to wait
   * @throws AssertionError if it is another number, with the closest requests
   */
  public void verify(UnaryOperator<RequestFilter> filter, Times times, Duration wait) {
    new Verifier(realm()).verify(filter.apply(RequestFilter.ALL), times, wait);
  }

  /**
   * Verifies that requests came in an order. Other requests may be between them.
   *
   * @param filters the conditions of the first, the second and so on
   * @throws AssertionError if they did not, with the closest requests
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is only read
  public final void verifyOrder(UnaryOperator<RequestFilter>... filters) {
    new Verifier(realm()).verifyOrder(apply(Arrays.stream(filters)), Duration.ZERO);
  }

  /**
   * Verifies that requests came in an order, and waits for it. Other requests may be between them.
   *
   * @param wait the longest time to wait
   * @param filters the conditions of the first, the second and so on
   * @throws AssertionError if they did not, with the closest requests
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is only read
  public final void verifyOrder(Duration wait, UnaryOperator<RequestFilter>... filters) {
    new Verifier(realm()).verifyOrder(apply(Arrays.stream(filters)), wait);
  }

  /**
   * Describes what the mock has received: the newest requests with the reason for each response,
   * and notes on what the real server would reject. Secrets are masked.
   *
   * @return several lines of text
   */
  public String describeRequests() {
    Map<String, Object> page = realm().newestRequests();
    String notes = RequestText.notes(page);
    return RequestText.received(page) + (notes.isEmpty() ? "" : "\n" + notes);
  }

  /**
   * Returns the clock that lifetimes, claims and dates follow.
   *
   * @return the clock
   */
  public RealmClock clock() {
    return new RealmClock(this::realm);
  }

  /**
   * Returns the realm's clock for the code under test. It asks the server for the time, so it
   * follows each change, whoever makes it. After the end of the mock, it runs on from the last
   * time.
   *
   * @return a clock in UTC
   */
  public Clock asClock() {
    return clock;
  }

  /**
   * Moves the realm's clock and the test's own by the same duration. The test's own are those that
   * {@link #asClock} has returned, which follow the realm's anyway, and those of {@link #onTravel}.
   *
   * @param duration how far
   * @return the new time of the realm
   */
  public Instant travel(Duration duration) {
    Instant now = clock().advance(duration);
    travelers.forEach(traveler -> traveler.accept(duration));
    return now;
  }

  /**
   * Adds a clock of the test that {@link #travel} moves as well, such as {@code clock::add} of a
   * {@code MutableClock}.
   *
   * @param traveler moves that clock by a duration
   */
  public void onTravel(Consumer<Duration> traveler) {
    travelers.add(traveler);
  }

  /**
   * Makes a client active or inactive.
   *
   * @param clientId the ID of a client
   * @param status the new status
   */
  public void setClientStatus(String clientId, AccountStatus status) {
    realm().call("PATCH", "/clients/" + ControlClient.encode(clientId), Map.of("status", status));
  }

  /**
   * Makes a merchant's account active or inactive.
   *
   * @param merchantId the ID of a merchant
   * @param status the new status
   */
  public void setMerchantStatus(String merchantId, AccountStatus status) {
    realm()
        .call("PATCH", "/merchants/" + ControlClient.encode(merchantId), Map.of("status", status));
  }

  /**
   * Replaces the fixtures. If they have an error, nothing changes.
   *
   * @param yaml the fixtures, in YAML or JSON
   * @throws IllegalArgumentException if they have an error, with its line and column
   */
  public void setFixtures(String yaml) {
    realm().sendYaml("PUT", "/fixtures", FixtureText.of(yaml));
  }

  /**
   * Replaces the fixtures by the content of a file. If it has an error, nothing changes.
   *
   * @param file a file in YAML or JSON
   * @throws IllegalArgumentException if it has an error, with its line and column
   */
  public void setFixtures(Path file) {
    realm().sendYaml("PUT", "/fixtures", FixtureText.of(file));
  }

  /** Returns to the initial state: fixtures, grants, scenarios, journal and clock. */
  public void reset() {
    realm().call("POST", "/reset");
  }

  /**
   * Returns what the server has to say about the client under test.
   *
   * @return the report
   */
  public Report report() {
    return new Report(realm().call("GET", "/report"));
  }

  /**
   * Creates a realm: an isolated server with the same calls, on a port of its own. It begins with
   * the fixtures of the server.
   *
   * @return the realm, which ends when it is closed, or with this mock
   */
  public SmartpayMock newRealm() {
    return newRealm(UnaryOperator.identity());
  }

  /**
   * Creates a realm: an isolated server with the same calls, on a port of its own.
   *
   * @param options such as {@code realm -> realm.fixtures("extends: default")}
   * @return the realm, which ends when it is closed, or with this mock
   */
  public SmartpayMock newRealm(UnaryOperator<RealmOptions> options) {
    realm();
    SmartpayMock realm =
        new SmartpayMock(backend.newRealm(options.apply(RealmOptions.DEFAULTS)), this);
    realms.add(realm);
    return realm;
  }

  /**
   * Returns the certificate of the CA that clients have to trust.
   *
   * @return a file in PEM
   */
  public Path caFile() {
    return certificates().caFile();
  }

  /**
   * Returns a key store, in memory, that trusts the CA.
   *
   * @return a new key store
   */
  public KeyStore trustStore() {
    return KeyStores.trusting(caFile());
  }

  /**
   * Returns what a client without a certificate needs for HTTPS: it trusts the CA.
   *
   * @return a new context
   */
  public SSLContext sslContext() {
    return KeyStores.context(trustStore(), null);
  }

  /**
   * Returns a client certificate. Its files remain until the mock ends.
   *
   * @param name the common name
   * @return the certificate with its key
   */
  public ClientCertificate clientCertificate(String name) {
    return new ClientCertificate(certificates().client(name), caFile());
  }

  /**
   * Judges the expectations of injected scenarios, here and in the realms that were created here.
   * Each is judged once.
   *
   * @throws AssertionError if one is not met, with the requests received
   */
  public void verifyExpectations() {
    realm();
    List<String> failures = takeFailures();
    if (!failures.isEmpty()) {
      throw new AssertionError(String.join("\n\n", failures));
    }
  }

  /**
   * Ends the server or realm, and the realms that were created by it, without judging expectations.
   * For a test that has failed already.
   */
  public void stop() {
    if (isClosed.compareAndSet(false, true)) {
      realms.forEach(SmartpayMock::stop);
      backend.end().run();
      if (parent != null) {
        parent.realms.remove(this);
      }
    }
  }

  /**
   * Judges the expectations of injected scenarios, then ends the server or realm, and the realms
   * that were created by it. In a {@code try} statement, an exception of the test comes first.
   *
   * @throws AssertionError if an expectation is not met, with the requests received
   */
  @Override
  public void close() {
    if (isClosed.get()) {
      return;
    }
    try {
      verifyExpectations();
    } finally {
      stop();
    }
  }

  /** Returns the URL and the name of the realm. */
  @Override
  public String toString() {
    return "SmartpayMock[" + baseUrl() + ", realm " + realmName() + "]";
  }

  private List<String> takeFailures() {
    List<String> failures = new ArrayList<>(backend.realm().takeFailures());
    realms.forEach(realm -> failures.addAll(realm.takeFailures()));
    return failures;
  }

  private RealmClient realm() {
    if (isClosed.get()) {
      throw new IllegalStateException("the mock has ended: it was closed");
    }
    return backend.realm();
  }

  private Certificates certificates() {
    realm();
    if (backend.certificates() == null) {
      throw new IllegalStateException(
          "the server has no certificates; start it with SmartpayMock.builder().tls()");
    }
    return backend.certificates();
  }

  private static List<RequestFilter> apply(Stream<UnaryOperator<RequestFilter>> filters) {
    return filters.map(filter -> filter.apply(RequestFilter.ALL)).toList();
  }
}
