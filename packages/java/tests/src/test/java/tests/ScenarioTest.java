package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.smartpayoauthmock.AfterLast;
import io.github.smartpayoauthmock.Endpoint;
import io.github.smartpayoauthmock.ErrorCodes;
import io.github.smartpayoauthmock.Fault;
import io.github.smartpayoauthmock.Injection;
import io.github.smartpayoauthmock.Outcome;
import io.github.smartpayoauthmock.Scenario;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.Times;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Injected scenarios, and their expectations. */
@SmartpayMockTest
class ScenarioTest {
  @Test
  void anErrorIsInjectedUntilItsScopeEnds(SmartpayMock mock) {
    Client client = new Client(mock);
    String token = mock.issueTokens().refreshToken();
    Injection ended;
    try (Injection busy =
        mock.inject(
            Scenario.error(ErrorCodes.SERVER_ERROR)
                .when(request -> request.grantType("refresh_token")))) {
      assertThat(client.refresh(token).statusCode()).isEqualTo(500);
      assertThat(busy.matched()).isEqualTo(1);
      ended = busy;
    }
    assertThat(client.refresh(token).statusCode()).isEqualTo(200);
    assertThat(ended.matched()).isEqualTo(1);
    ended.close();
    ended.remove();
  }

  @Test
  void outcomesAreTakenInOrder(SmartpayMock mock) {
    mock.inject(
        Scenario.of(
                Outcome.pass(),
                Outcome.error("access_denied").withDescription("Not you."),
                Outcome.error("server_error").withStatus(503).withHeader("Retry-After", "1"),
                Outcome.status(418).withJson(Map.of("tea", List.of(1, "two"))),
                Outcome.status(200).withBody("text").withDelay(Duration.ofMillis(1)))
            .then(AfterLast.REPEAT)
            .named("in-order"));
    String token = mock.issueTokens().refreshToken();
    Client client = new Client(mock);
    assertThat(Stream.generate(() -> client.refresh(token).statusCode()).limit(6))
        .containsExactly(200, 403, 503, 418, 200, 200);
    assertThat(mock.requests(request -> request.scenario("in-order"))).hasSize(6);
  }

  @Test
  void everyMemberOfAScenarioIsAccepted(SmartpayMock mock) {
    Scenario all =
        Scenario.of(
                Outcome.delay(Duration.ofMillis(1)),
                Outcome.pass().withDelay(Duration.ofMillis(1), Duration.ofMillis(2)),
                Outcome.fault(Fault.SLOW_BODY).withInterval(Duration.ofMillis(1)).withEffect(),
                Outcome.hold(2),
                Outcome.rateLimit(10, Duration.ofMinutes(1)),
                Outcome.token(
                    token ->
                        token
                            .lifetime(Duration.ofSeconds(-1))
                            .claim("extra", true)
                            .withoutClaims("jti")
                            .signedWithOtherKey()
                            .accessTokenOnly()),
                Outcome.token(token -> token.invalidSignature().refreshTokenOnly()),
                Outcome.token(token -> token.unsigned()),
                Outcome.response(
                    response -> response.member("extra", 1).withoutMembers("refresh_token")))
            .when(
                request ->
                    request
                        .endpoint(Endpoint.ANY)
                        .method("POST")
                        .path("/oauth2/*")
                        .clientId("*")
                        .merchantId("*")
                        .grantType("*")
                        .code("*")
                        .refreshToken("*")
                        .correlationId("*")
                        .header("x-test", "*")
                        .param("state", "*"))
            .when(request -> request.code("second-alternative"))
            .when(request -> request.code("third-alternative"))
            .then(AfterLast.LAST)
            .times(9)
            .lasting(Duration.ofMinutes(5))
            .probability(0.5)
            .seed(42)
            .named("all")
            .disabled();
    assertThat(mock.inject(all).name()).isEqualTo("all");
    assertThat(all.toString()).contains("third-alternative");
  }

  @Test
  void aScenarioCanBeJson(SmartpayMock mock) {
    mock.inject(
        Scenario.ofJson(
            Map.of("respond", Map.of("error", "access_denied"), "for", Duration.ofMinutes(5))));
    Client client = new Client(mock);
    assertThat(client.exchange(mock.issueCode()).statusCode()).isEqualTo(403);
    mock.clock().advance(Duration.ofMinutes(5));
    assertThat(client.exchange(mock.issueCode()).statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> Scenario.ofJson(Map.of("respond", new Object())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.Object cannot be sent as JSON");
  }

  @Test
  void aMistakeIsRefusedWithTheWordsOfTheMock(SmartpayMock mock) {
    assertThatThrownBy(() -> mock.inject(Scenario.ofJson(Map.of("respond", "pas"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/respond")
        .hasMessageContaining("pass");
    assertThatThrownBy(() -> mock.inject(Scenario.error("x").times(0).named("ä")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/times")
        .hasMessageContaining("/name");
  }

  @Test
  void aFaultBreaksTheConnection(SmartpayMock mock) {
    mock.inject(Scenario.fault(Fault.EMPTY_RESPONSE).times(1)).expect(1);
    Client client = new Client(mock);
    assertThatThrownBy(() -> client.exchange(mock.issueCode()))
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void heldRequestsAreReleased(SmartpayMock mock) {
    String token = mock.issueTokens().refreshToken();
    try (Injection held = mock.inject(Scenario.of(Outcome.hold(9)))) {
      CompletableFuture<Integer> status =
          CompletableFuture.supplyAsync(() -> new Client(mock).refresh(token).statusCode());
      mock.verify(
          request -> request.grantType("refresh_token"), Times.exactly(1), Duration.ofSeconds(20));
      while (held.release() == 0) {
        Thread.onSpinWait();
      }
      assertThat(status.join()).isEqualTo(200);
    }
  }

  @Test
  void anExpectationFailsWithTheRequestsReceived(SmartpayMock mock) {
    assertThatThrownBy(
            () -> {
              try (Injection busy = mock.inject(Scenario.error("server_error")).expect(2)) {
                new Client(mock).exchange("my-code");
              }
            })
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("was expected to match exactly 2 requests, but matched 1.")
        .hasMessageContaining(
            "#1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 500 server_error")
        .hasMessageNotContaining("my-code");
  }

  @Test
  void anExpectationThatIsMetIsSilent(SmartpayMock mock) {
    try (Injection busy = mock.inject(Scenario.error("server_error")).expect(Times.between(1, 2))) {
      new Client(mock).exchange("my-code");
      assertThat(busy.matched()).isEqualTo(1);
    }
  }

  @Test
  void anotherExceptionComesFirst(SmartpayMock mock) {
    assertThatThrownBy(
            () -> {
              try (SmartpayMock realm = mock.newRealm();
                  Injection busy = realm.inject(Scenario.error("server_error")).expect(2)) {
                throw new ArithmeticException();
              }
            })
        .isInstanceOf(ArithmeticException.class)
        .satisfies(
            error -> assertThat(error.getSuppressed()[0]).isInstanceOf(AssertionError.class));
  }

  @Test
  void anExpectationWithoutAScopeIsJudgedWhenTheMockIsLeft(SmartpayMock mock) {
    SmartpayMock realm = mock.newRealm();
    realm.inject(Scenario.error("server_error").named("one")).expect(1);
    realm.inject(Scenario.error("server_error").named("two")).expect(Times.atLeast(3));
    realm.newRealm().newRealm().inject(Scenario.error("x").named("inner")).expect(4);
    assertThatThrownBy(realm::close)
        .isInstanceOf(AssertionError.class)
        .hasMessageFindingMatch(
            "(?s)\"one\".*exactly 1.*\"two\".*at least 3.*\"inner\".*exactly 4");
    assertThat(ChildJvm.ends(realm.baseUrl())).isTrue();
  }

  @Test
  void aScenarioThatAResetRemovedCannotBeJudged(SmartpayMock mock) {
    SmartpayMock realm = mock.newRealm();
    realm.inject(Scenario.error("server_error")).expect(1);
    realm.reset();
    assertThatThrownBy(realm::close).hasMessageContaining("no longer there");
  }

  @Test
  void aRemovedScenarioIsNotJudged(SmartpayMock mock) {
    mock.inject(Scenario.error("server_error")).expect(1).remove();
    mock.verifyExpectations();
  }

  @Test
  void aStoppedMockIsNotJudged(SmartpayMock mock) {
    SmartpayMock realm = mock.newRealm();
    realm.inject(Scenario.error("server_error")).expect(1);
    realm.stop();
    realm.close();
  }
}
