package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.ClientCertificate;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.io.InputStream;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Collections;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

/** HTTPS and client certificates. */
@SmartpayMockTest(tls = true, clientAuth = ClientAuth.REQUIRED)
class TlsTest {
  @Test
  void urlsAreHttpsAndControlCallsNeedNoCertificate(SmartpayMock mock) {
    for (URI url : new URI[] {mock.baseUrl(), mock.tokenUrl(), mock.authorizeUrl()}) {
      assertThat(url).hasScheme("https").hasHost("127.0.0.1");
    }
    assertThat(mock.issueCode()).isNotEmpty();
  }

  @Test
  void aClientCertificateIsRecordedByItsName(SmartpayMock mock) {
    ClientCertificate certificate = mock.clientCertificate("my-company");
    new Client(mock, certificate.sslContext()).exchange(mock.issueCode());
    assertThat(mock.requests().get(0).certificate()).contains("my-company");
  }

  @Test
  void aCertificateHasFilesAndAKeyStore(SmartpayMock mock) throws Exception {
    ClientCertificate one = mock.clientCertificate("one");
    assertThat(mock.clientCertificate("one").certificateFile()).isEqualTo(one.certificateFile());
    assertThat(mock.clientCertificate("other/../name").certificateFile())
        .isNotEqualTo(one.certificateFile())
        .exists();
    assertThat(one.keyFile()).content().startsWith("-----BEGIN PRIVATE KEY-----");
    assertThat(mock.caFile()).content().startsWith("-----BEGIN CERTIFICATE-----");
    assertThat(Collections.list(mock.trustStore().aliases())).containsExactly("ca-0");

    KeyStore file = KeyStore.getInstance("PKCS12");
    try (InputStream content = Files.newInputStream(one.keyStoreFile())) {
      file.load(content, one.password().toCharArray());
    }
    String alias = file.aliases().nextElement();
    assertThat(one.keyStore().getCertificate("client")).isEqualTo(file.getCertificate(alias));

    assertThatThrownBy(() -> mock.clientCertificate("x".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--client-name: expected 1 to 64 characters");
  }

  @Test
  void withoutACertificateTheHandshakeFails(SmartpayMock mock) throws Exception {
    // Java's HttpClient may miss that the server closes the connection, and wait for ever.
    HttpsURLConnection connection = (HttpsURLConnection) mock.tokenUrl().toURL().openConnection();
    connection.setSSLSocketFactory(mock.sslContext().getSocketFactory());
    connection.setReadTimeout(30_000);
    assertThatThrownBy(connection::getResponseCode)
        .isInstanceOfAny(SSLException.class, SocketException.class);
  }

  @Test
  @SmartpayMockTest(
      tls = true,
      clientAuth = ClientAuth.REQUIRED,
      args = {"--portal-listen", "127.0.0.1:0"})
  void thePortalForBrowsersNeedsNoCertificate(SmartpayMock mock) {
    assertThat(mock.authorizeUrl().getPort()).isNotEqualTo(mock.baseUrl().getPort());
    String query = "?sub=oauth&client_id=v6TJH1IqhM&redirect_url=https://www.example.com&state=1";
    Client browser = new Client(mock, mock.sslContext());
    assertThat(browser.get(URI.create(mock.authorizeUrl() + query)).statusCode()).isEqualTo(200);
  }

  @Test
  void theFilesAreRemovedAtTheEnd() {
    Path ca;
    Path certificate;
    try (SmartpayMock mock = SmartpayMock.builder().tls().start()) {
      ca = mock.caFile();
      certificate = mock.clientCertificate("one").certificateFile();
      assertThat(certificate).exists();
    }
    assertThat(ca).doesNotExist();
    assertThat(certificate).doesNotExist();
  }

  @Test
  @SmartpayMockTest
  void withoutTlsThereAreNoFiles(SmartpayMock mock) {
    assertThatThrownBy(mock::caFile)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("SmartpayMock.builder().tls()");
  }
}
