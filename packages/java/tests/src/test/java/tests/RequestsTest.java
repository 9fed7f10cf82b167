package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.smartpayoauthmock.Endpoint;
import io.github.smartpayoauthmock.RecordedRequest;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.Times;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Recorded requests, and what a test expects of them. */
@SmartpayMockTest
class RequestsTest {
  @Test
  void aRequestHasWhatTheClientSent(SmartpayMock mock) {
    new Client(mock).exchange(mock.issueCode());
    RecordedRequest request = mock.requests(filter -> filter.status(200)).get(0);

    assertThat(request.id()).isEqualTo(1);
    assertThat(request.endpoint()).isEqualTo("token");
    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.path()).isEqualTo("/oauth2/v3/token");
    assertThat(request.scheme()).isEqualTo("http");
    assertThat(request.clientId()).contains(mock.clientId());
    assertThat(request.merchantId()).contains(mock.merchantId());
    assertThat(request.grantType()).contains("authorization_code");
    assertThat(request.certificate()).isEmpty();
    assertThat(request.correlationId()).isEmpty();
    assertThat(request.status()).hasValue(200);
    assertThat(request.error()).isEmpty();
    assertThat(request.scenario()).isEmpty();
    assertThat(request.time()).isBeforeOrEqualTo(mock.clock().now());
    assertThat(request.headers()).containsKey("user-agent");
    assertThat(request.params()).containsEntry("client_secret", "***");
    assertThat(request.notes()).anyMatch(note -> note.contains("v-c-client-correlation-id"));
    assertThat(request.json()).containsKey("duration_us");
  }

  @Test
  void filtersSelectRequests(SmartpayMock mock) {
    Client client = new Client(mock);
    client.exchange("a&b c");
    client.pay("nonsense");

    assertThat(mock.requests(filter -> filter.param("code", "a&b c"))).hasSize(1);
    assertThat(mock.requests(filter -> filter.endpoint(Endpoint.RESOURCE))).hasSize(1);
    assertThat(mock.requests(filter -> filter.method("POST").path("/pts/*"))).hasSize(1);
    assertThat(mock.requests(filter -> filter.clientId("v6*").error("invalid_request"))).hasSize(1);
    assertThat(mock.requests(filter -> filter.header("User-Agent", "Java*"))).hasSize(2);
    assertThat(mock.requests(filter -> filter.grantType("refresh_token"))).isEmpty();
    assertThat(mock.requests(filter -> filter.merchantId("*").correlationId("*"))).isEmpty();
    assertThat(mock.requests(filter -> filter.scenario("*"))).isEmpty();
  }

  @Test
  void aNumberOfRequestsIsVerified(SmartpayMock mock) {
    Client client = new Client(mock);
    client.exchange("unknown");
    client.exchange("unknown");

    mock.verify(request -> request.error("invalid_request"));
    mock.verify(request -> request.error("invalid_request"), Times.exactly(2));
    mock.verify(request -> request.error("invalid_request"), Times.between(1, 2));
    mock.verify(request -> request, Times.atMost(2));
    mock.verify(request -> request.status(200), Times.never());

    assertThatThrownBy(
            () -> mock.verify(request -> request.error("access_denied"), Times.atLeast(2)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(
            "expected at least 2 requests that match {error=access_denied}, received 0.")
        .hasMessageContaining(
            "#2 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 400 invalid_request (row 16)")
        .hasMessageContaining("error: expected access_denied, found invalid_request");
    assertThatThrownBy(() -> Times.between(2, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tooManyRequestsAreShown(SmartpayMock mock) {
    new Client(mock).exchange("unknown");
    assertThatThrownBy(() -> mock.verify(request -> request.status(400), Times.never()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected exactly 0 requests")
        .hasMessageContaining("#1 POST");
  }

  @Test
  void verifyWaits(SmartpayMock mock) {
    CompletableFuture<Void> later =
        CompletableFuture.runAsync(() -> new Client(mock).exchange("unknown"));
    mock.verify(request -> request.status(400), Times.exactly(1), Duration.ofSeconds(20));
    later.join();
  }

  @Test
  void anOrderIsVerified(SmartpayMock mock) {
    Client client = new Client(mock);
    client.exchange("unknown");
    client.pay("nonsense");

    mock.verifyOrder(
        request -> request.endpoint(Endpoint.TOKEN),
        request -> request.endpoint(Endpoint.RESOURCE));
    assertThatThrownBy(
            () ->
                mock.verifyOrder(
                    Duration.ofMillis(1),
                    request -> request.endpoint(Endpoint.RESOURCE),
                    request -> request.endpoint(Endpoint.TOKEN)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(
            "expected requests in the order [{endpoint=resource}, {endpoint=token}]; "
                + "none matches {endpoint=token} at its place.");
  }

  @Test
  void whatTheMockReceivedIsDescribedWithoutSecrets(SmartpayMock mock) {
    assertThat(mock.describeRequests()).isEqualTo("No request was received.");
    new Client(mock).exchange("my-code");
    assertThat(mock.describeRequests())
        .startsWith("Requests received (1):\n  #1 POST")
        .contains("note (#1): The request used plain HTTP.")
        .doesNotContain("my-code", mock.clientSecret());
  }
}
