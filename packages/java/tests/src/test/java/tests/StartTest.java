package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.SmartpayMockException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The start and the end of a server, and what goes wrong there. */
class StartTest {
  @Test
  void aServerEndsWhenItIsClosed() {
    SmartpayMock mock = SmartpayMock.start();
    assertThat(mock.realmName()).isEqualTo("default");
    assertThat(mock.issueCode()).isNotEmpty();
    mock.close();
    assertThat(ChildJvm.ends(mock.baseUrl())).isTrue();
  }

  @Test
  void fixturesAreTextOrFilesOrFolders(@TempDir Path folder) throws Exception {
    String yaml = "extends: default\nclients:\n  - { id: %s, secret: my-secret }\n";
    try (SmartpayMock mock = SmartpayMock.builder().fixtures(yaml.formatted("one")).start();
        SmartpayMock realm = mock.newRealm()) {
      assertThat(realm.issueCode(code -> code.clientId("one"))).isNotEmpty();
    }

    Files.createDirectory(folder.resolve("more"));
    Files.writeString(folder.resolve("more/one.yaml"), yaml.formatted("one"));
    Path two = Files.writeString(folder.resolve("two.yaml"), yaml.formatted("two"));
    try (SmartpayMock mock = SmartpayMock.builder().fixtures(folder.resolve("more"), two).start()) {
      assertThat(mock.issueCode(code -> code.clientId("one"))).isNotEmpty();
      assertThat(mock.issueCode(code -> code.clientId("two"))).isNotEmpty();
      assertThatThrownBy(() -> mock.newRealm(realm -> realm.fixtures(folder)))
          .hasMessageContaining("is a folder");
    }
  }

  @Test
  void badFixturesAreAnIllegalArgumentWithTheirPlace(@TempDir Path folder) throws Exception {
    String bad = "extends: default\nclints: []\n";
    assertThatThrownBy(() -> SmartpayMock.builder().fixtures(bad).start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("fixtures.yaml:2:1: ")
        .hasMessageContaining("\"clints\", did you mean \"clients\"");
    Path file = Files.writeString(folder.resolve("bad.yaml"), bad);
    assertThatThrownBy(() -> SmartpayMock.builder().fixtures(file).start())
        .hasMessageStartingWith(file + ":2:1: ");
    assertThatThrownBy(() -> SmartpayMock.builder().fixtures(folder.resolve("none")).start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no file or folder");
  }

  @Test
  void badOptionsAreAnIllegalArgument() {
    assertThatThrownBy(() -> SmartpayMock.builder().args("--listn").start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unexpected argument '--listn'");
    assertThatThrownBy(() -> SmartpayMock.builder().clientAuth(ClientAuth.REQUIRED).start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--client-auth requires --tls-listen");
    assertThatThrownBy(() -> SmartpayMock.builder().tls().args("--listen", "off").start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the control calls need HTTP");
  }

  @Test
  void aPortCanBeChosenAndBeTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      assertThatThrownBy(() -> SmartpayMock.builder().args("--listen", address).start())
          .isInstanceOf(SmartpayMockException.class)
          .hasMessageContaining("cannot listen on " + address + ": Address already in use");
      taken.close();
      try (SmartpayMock mock = SmartpayMock.builder().args("--listen=" + address).start()) {
        assertThat(mock.baseUrl()).hasToString("http://" + address);
      }
    }
  }

  @Test
  void aControlTokenIsUsed() {
    try (SmartpayMock mock = SmartpayMock.builder().args("--control-token", "a-token").start();
        SmartpayMock realm = mock.newRealm()) {
      assertThat(realm.issueCode()).isNotEmpty();
    }
  }

  @Test
  void aServerThatDiesIsExplainedByItsLog() throws Exception {
    Set<ProcessHandle> others = servers();
    try (SmartpayMock mock = SmartpayMock.start()) {
      Set<ProcessHandle> own = servers();
      own.removeAll(others);
      mock.issueCode();
      for (ProcessHandle server : own) {
        server.destroyForcibly();
        server.onExit().get(10, TimeUnit.SECONDS);
      }
      assertThatThrownBy(mock::issueCode)
          .isInstanceOf(SmartpayMockException.class)
          .hasMessageFindingMatch(
              "(?s)has ended \\(exit code 137\\).*Its log ends with.*listening");
    }
  }

  private static Set<ProcessHandle> servers() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").contains("smartpay-oauth-mock"))
        .collect(Collectors.toSet());
  }

  @Test
  void aConnectionThatTheServerHasClosedIsReplaced() throws Exception {
    // The server closes a connection that has been idle for this long.
    try (SmartpayMock mock = SmartpayMock.builder().args("--limit", "head_time=50ms").start()) {
      for (int i = 0; i < 3; i++) {
        assertThat(mock.issueCode()).isNotEmpty();
        Thread.sleep(100);
      }
    }
  }

  @Test
  void threadsShareAMock() {
    try (SmartpayMock mock = SmartpayMock.start()) {
      Set<String> codes =
          IntStream.range(0, 400)
              .parallel()
              .mapToObj(number -> mock.issueCode())
              .collect(Collectors.toSet());
      assertThat(codes).hasSize(400);
    }
  }
}
