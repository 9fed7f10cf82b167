package tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.ClientCertificate;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.SmartpayMockBuilder;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** {@code SMARTPAY_MOCK_SERVER} names a server that runs already. */
class RunningServerTest {
  private static final String SERVER = "SMARTPAY_MOCK_SERVER";

  private static String run(SmartpayMock running, String... arguments) throws Exception {
    return ChildJvm.run(Attaches.class, Map.of(SERVER, running.baseUrl().toString()), arguments);
  }

  private static int realms(SmartpayMock running) {
    String body = new Client(running).get(URI.create(running.baseUrl() + "/_mock/realms")).body();
    return body.split("\"name\"", -1).length - 1;
  }

  @Test
  void aMockIsARealmThere() throws Exception {
    try (SmartpayMock running = SmartpayMock.start()) {
      int before = realms(running);
      assertThat(run(running, "realm")).isEqualTo("java 200\nrealm 200\n");
      assertThat(realms(running)).isEqualTo(before);
      assertThat(running.requests()).isEmpty();

      // The URL of a realm means its server.
      Map<String, String> environment = Map.of(SERVER, running.baseUrl() + "/realms/default");
      assertThat(ChildJvm.run(Attaches.class, environment, "realm")).contains("java 200");
    }
  }

  @Test
  void eachAddressOfLocalhostIsTried() throws Exception {
    // IPv6 may be off, or not among the addresses of localhost.
    for (InetAddress address : InetAddress.getAllByName("localhost")) {
      String host = address instanceof Inet6Address ? "[::1]" : "127.0.0.1";
      try (SmartpayMock running = SmartpayMock.builder().args("--listen", host + ":0").start()) {
        String url = "http://localhost:" + running.baseUrl().getPort();
        assertThat(ChildJvm.run(Attaches.class, Map.of(SERVER, url), "realm"))
            .isEqualTo("java 200\nrealm 200\n");
      }
    }
  }

  @Test
  void realmsBeginWithTheFixturesOfTheTests() throws Exception {
    try (SmartpayMock running = SmartpayMock.start()) {
      assertThat(run(running, "fixtures")).isEqualTo("true\ntrue\n");
    }
  }

  @Test
  void optionsForANewServerAreRefusedByName() throws Exception {
    try (SmartpayMock running = SmartpayMock.start()) {
      for (String option : new String[] {"tls", "clientAuth", "args"}) {
        assertThat(run(running, option))
            .contains("IllegalArgumentException: " + option + ": only a new server")
            .contains(SERVER)
            .contains(running.baseUrl().toString());
      }
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws Exception {
    assertThat(ChildJvm.run(Attaches.class, Map.of(SERVER, "http://127.0.0.1:1"), "realm"))
        .contains("SMARTPAY_MOCK_SERVER: there is no server at http://127.0.0.1:1");
    for (String url : new String[] {"localhost:8080", "::", "ftp://localhost"}) {
      assertThat(ChildJvm.run(Attaches.class, Map.of(SERVER, url), "realm"))
          .contains("\"" + url + "\" is not a URL such as http://127.0.0.1:8080");
    }
  }

  @Test
  void aControlTokenComesFromTheEnvironment() throws Exception {
    try (SmartpayMock running = SmartpayMock.builder().args("--control-token=a-token").start()) {
      assertThat(run(running, "realm")).contains("401");
      Map<String, String> environment = new HashMap<>();
      environment.put(SERVER, running.baseUrl().toString());
      environment.put("SMARTPAY_MOCK_CONTROL_TOKEN", "a-token");
      assertThat(ChildJvm.run(Attaches.class, environment, "realm")).contains("java 200");
    }
  }

  @Test
  void certificatesComeFromTheEnvironment() throws Exception {
    try (SmartpayMock running =
        SmartpayMock.builder().tls().clientAuth(ClientAuth.REQUIRED).start()) {
      ClientCertificate certificate = running.clientCertificate("my-company");
      Map<String, String> environment = new HashMap<>();
      environment.put(SERVER, running.baseUrl().toString());
      assertThat(ChildJvm.run(Attaches.class, environment, "realm"))
          .contains("the TLS handshake with " + running.baseUrl())
          .contains("SMARTPAY_MOCK_CA");
      environment.put("SMARTPAY_MOCK_CA", running.caFile().toString());
      environment.put("SMARTPAY_MOCK_CERT", certificate.certificateFile().toString());
      environment.put("SMARTPAY_MOCK_KEY", certificate.keyFile().toString());
      assertThat(ChildJvm.run(Attaches.class, environment, "tls"))
          .isEqualTo("200 my-company true\n");
    }
  }

  /** Uses a mock, as its argument says. */
  static final class Attaches {
    private static final Map<String, UnaryOperator<SmartpayMockBuilder>> OPTIONS =
        Map.of(
            "tls", builder -> System.getenv("SMARTPAY_MOCK_CA") == null ? builder.tls() : builder,
            "clientAuth", builder -> builder.clientAuth(ClientAuth.OPTIONAL),
            "args", builder -> builder.args("--watch"));

    public static void main(String[] arguments) {
      String action = arguments[0];
      if (action.equals("fixtures")) {
        useFixtures();
        return;
      }
      SmartpayMockBuilder builder =
          OPTIONS.getOrDefault(action, UnaryOperator.identity()).apply(SmartpayMock.builder());
      try (SmartpayMock mock = builder.start();
          SmartpayMock realm = mock.newRealm()) {
        if (action.equals("tls")) {
          useCertificate(mock);
          return;
        }
        for (SmartpayMock one : new SmartpayMock[] {mock, realm}) {
          int status = new Client(one).exchange(one.issueCode()).statusCode();
          System.out.println(one.realmName().split("-")[0] + " " + status);
        }
      }
    }

    private static void useFixtures() {
      String yaml = "extends: default\nclients:\n  - { id: my-app, secret: my-secret }\n";
      try (SmartpayMock mock = SmartpayMock.builder().fixtures(yaml).start();
          SmartpayMock realm = mock.newRealm();
          SmartpayMock other = realm.newRealm(options -> options.fixtures("extends: default"))) {
        realm.issueCode(code -> code.clientId("my-app"));
        System.out.println(!mock.issueCode(code -> code.clientId("my-app")).isEmpty());
        try {
          other.issueCode(code -> code.clientId("my-app"));
        } catch (IllegalArgumentException e) {
          System.out.println(e.getMessage().contains("my-app"));
        }
      }
    }

    private static void useCertificate(SmartpayMock mock) {
      ClientCertificate certificate = mock.clientCertificate("any");
      int status =
          new Client(mock, certificate.sslContext()).exchange(mock.issueCode()).statusCode();
      String name = mock.requests().get(0).certificate().orElse("");
      boolean hasKeyStore = certificate.keyStoreFile().toFile().isFile();
      System.out.println(status + " " + name + " " + hasKeyStore);
    }
  }
}
