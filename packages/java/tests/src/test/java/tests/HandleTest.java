package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.smartpayoauthmock.AccountStatus;
import io.github.smartpayoauthmock.Grant;
import io.github.smartpayoauthmock.RecordedRequest;
import io.github.smartpayoauthmock.Report;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.Tokens;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a test can do with a server or realm. */
@SmartpayMockTest
class HandleTest {
  private static final String MY_APP =
      """
      extends: default
      clients:
        - { id: my-app, secret: my-secret, redirect_urls: [http://localhost/callback] }
      """;

  @Test
  void urlsBelongToAPortOfItsOwn(SmartpayMock mock) {
    assertThat(mock.baseUrl().getPort()).isPositive();
    assertThat(mock.tokenUrl()).isEqualTo(URI.create(mock.baseUrl() + "/oauth2/v3/token"));
    assertThat(mock.authorizeUrl()).isEqualTo(URI.create(mock.baseUrl() + "/ebc2/oauth/authorize"));
    assertThat(mock.toString()).contains(mock.baseUrl().toString(), mock.realmName());
  }

  @Test
  void aCodeIsExchanged(SmartpayMock mock) {
    assertThat(new Client(mock).exchange(mock.issueCode()).statusCode()).isEqualTo(200);
    assertThat(mock.requests())
        .extracting(RecordedRequest::toString)
        .containsExactly("#1 POST /oauth2/v3/token authorization_code v6TJH1IqhM rahulrama -> 200");
  }

  @Test
  void aCodeHasWhatTheOptionsSay(SmartpayMock mock) {
    mock.setFixtures(MY_APP);
    String code =
        mock.issueCode(
            options ->
                options
                    .clientId("my-app")
                    .merchantId("rahulrama")
                    .scopes("transactions")
                    .redirectUrl("http://localhost/callback")
                    .code("my-code"));
    assertThat(code).isEqualTo("my-code");
    assertThatThrownBy(() -> mock.issueCode(options -> options.clientId("nobody")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nobody");
  }

  @Test
  void issuedTokensWorkAtTheApi(SmartpayMock mock) {
    Tokens tokens = mock.issueTokens(options -> options.scopes("transactions"));
    assertThat(tokens.expiresIn()).isEqualTo(Duration.ofSeconds(899));
    assertThat(tokens.refreshTokenExpiresIn()).isEqualTo(Duration.ofSeconds(31535999));
    assertThat(tokens.tokenType()).isEqualTo("bearer");
    assertThat(tokens.scope()).isEqualTo("transactions");
    assertThat(tokens.toString()).doesNotContain(tokens.accessToken(), tokens.refreshToken());
    assertThat(new Client(mock).pay(tokens.accessToken()).statusCode()).isEqualTo(201);
  }

  @Test
  void aRevokedGrantEndsItsTokens(SmartpayMock mock) {
    Tokens tokens = mock.issueTokens();
    Grant grant =
        mock.grants().stream()
            .filter(one -> one.clientId().equals(mock.clientId()))
            .findFirst()
            .orElseThrow();
    assertThat(grant.scopes()).contains("transactions");
    assertThat(grant.isRevoked()).isFalse();

    mock.revokeGrant(grant.id());
    assertThat(new Client(mock).pay(tokens.accessToken()).statusCode()).isEqualTo(401);
    assertThatThrownBy(() -> mock.revokeGrant("no such/grant"))
        .isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void clientsAndMerchantsCanBeInactive(SmartpayMock mock) {
    Client client = new Client(mock);
    mock.setMerchantStatus(mock.merchantId(), AccountStatus.INACTIVE);
    assertThat(client.exchange(mock.issueCode()).body()).contains("merchant_not_active");
    mock.setClientStatus(mock.clientId(), AccountStatus.INACTIVE);
    assertThat(client.exchange("any").body()).contains("client_not_active");
    mock.setClientStatus(mock.clientId(), AccountStatus.ACTIVE);
    mock.setMerchantStatus(mock.merchantId(), AccountStatus.ACTIVE);
    assertThat(client.exchange(mock.issueCode()).statusCode()).isEqualTo(200);
  }

  @Test
  void fixturesAreReplacedAndReset(SmartpayMock mock, @TempDir Path folder) throws Exception {
    mock.setFixtures(Files.writeString(folder.resolve("fixtures.yaml"), MY_APP));
    assertThat(mock.issueCode(options -> options.clientId("my-app"))).isNotEmpty();

    assertThatThrownBy(() -> mock.setFixtures("extends: default\nclints: []\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2:1")
        .hasMessageContaining("did you mean \"clients\"");
    assertThatThrownBy(() -> mock.setFixtures("fixtures.yaml"))
        .hasMessageContaining("use Path.of(\"fixtures.yaml\")");
    assertThatThrownBy(() -> mock.setFixtures(Path.of("nowhere.yaml")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nowhere.yaml");
    assertThat(mock.issueCode(options -> options.clientId("my-app"))).isNotEmpty();

    mock.reset();
    assertThatThrownBy(() -> mock.issueCode(options -> options.clientId("my-app")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theReportSaysWhatTheClientMetAndDidWrong(SmartpayMock mock) {
    new Client(mock).exchange("unknown");
    Report report = mock.report();
    assertThat(report.requests()).isEqualTo(1);
    assertThat(report.errorsMet()).isEqualTo(1);
    assertThat(report.errorsOf()).isEqualTo(11);
    assertThat(report.findings()).extracting(Report.Finding::rule).contains("no-correlation-id");
    assertThat(report.toString()).startsWith("1 of 11 documented errors met\n");
  }

  @Test
  void aRealmIsIsolated(SmartpayMock mock) {
    try (SmartpayMock realm = mock.newRealm(options -> options.fixtures(MY_APP).label("Häuser!"))) {
      assertThat(realm.realmName()).matches("h-user-[0-9a-f]{8}");
      assertThat(realm.baseUrl()).isNotEqualTo(mock.baseUrl());
      assertThat(realm.issueCode(options -> options.clientId("my-app"))).isNotEmpty();
      new Client(realm).exchange(realm.issueCode());
      assertThat(realm.requests()).hasSize(1);
    }
    assertThat(mock.requests()).isEmpty();
  }

  @Test
  void afterTheEndACallIsAnIllegalState(SmartpayMock mock) {
    SmartpayMock realm = mock.newRealm();
    SmartpayMock inner = realm.newRealm();
    realm.close();
    realm.close();
    for (SmartpayMock ended : new SmartpayMock[] {realm, inner}) {
      assertThatThrownBy(ended::issueCode)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
      assertThat(ChildJvm.ends(ended.baseUrl())).isTrue();
    }
  }
}
