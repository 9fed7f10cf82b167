package tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.smartpayoauthmock.SmartpayMock;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that start a server: nothing is left of it, and they do not disturb each other. */
class ProcessTest {
  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM"})
  void nothingRunsOnAfterTheTestsAreKilled(String signal) throws Exception {
    try (ChildJvm child = ChildJvm.start(Starts.class, Map.of(), "wait")) {
      URI url = URI.create(child.readLine());
      assertThat(ChildJvm.isListening(url)).isTrue();
      String pid = Long.toString(child.process().pid());
      assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
      assertThat(ChildJvm.ends(url)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"return", "exit", "halt", "throw"})
  void nothingRunsOnAfterTheTestsForgetTheServer(String end) throws Exception {
    try (ChildJvm child = ChildJvm.start(Starts.class, Map.of(), end)) {
      URI url = URI.create(child.readLine());
      assertThat(ChildJvm.ends(url)).isTrue();
    }
  }

  @Test
  void aChildOfTheTestsDoesNotKeepTheServerAlive() throws Exception {
    try (ChildJvm child = ChildJvm.start(Starts.class, Map.of(), "child")) {
      URI url = URI.create(child.readLine());
      long sleeper = Long.parseLong(child.readLine());
      child.process().destroyForcibly();
      try {
        assertThat(ChildJvm.ends(url)).isTrue();
      } finally {
        ProcessHandle.of(sleeper).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  @Test
  void noFileIsLeftBehind(@TempDir Path folder) throws Exception {
    String printed = ChildJvm.run(Starts.class, Map.of("TMPDIR", folder.toString()), "all");
    assertThat(printed).contains("clints", "--listn");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theProgramIsUnpackedOnceByProcessesThatStartTogether(@TempDir Path cache) throws Exception {
    List<ChildJvm> children = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        children.add(
            ChildJvm.start(Starts.class, Map.of("XDG_CACHE_HOME", cache.toString()), "return"));
      }
      for (ChildJvm child : children) {
        assertThat(child.readLine()).startsWith("http://127.0.0.1:");
      }
    } finally {
      children.forEach(ChildJvm::close);
    }
    try (Stream<Path> files = Files.walk(cache)) {
      List<Path> programs = files.filter(Files::isRegularFile).toList();
      assertThat(programs).hasSize(1);
      assertThat(programs.get(0).getParent().getFileName().toString()).matches("[0-9a-f]{64}");
    }
  }

  @Test
  void withoutACacheTheProgramIsUnpackedToATemporaryFile(@TempDir Path folder) throws Exception {
    Path noFolder = Files.writeString(folder.resolve("file"), "");
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Map<String, String> environment =
        Map.of("XDG_CACHE_HOME", noFolder.toString(), "TMPDIR", temporary.toString());
    assertThat(ChildJvm.run(Starts.class, environment, "return")).startsWith("http://127.0.0.1:");
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void theEnvironmentDoesNotChangeTheServer() throws Exception {
    Map<String, String> environment =
        Map.of(
            "SMARTPAY_MOCK_FIXTURES", "/nowhere.yaml",
            "SMARTPAY_MOCK_LISTEN", "256.0.0.1:80",
            "SMARTPAY_MOCK_CONTROL_TOKEN", "a-token");
    assertThat(ChildJvm.run(Starts.class, environment, "return")).startsWith("http://127.0.0.1:");
  }

  @Test
  void anotherProgramCanBeNamed(@TempDir Path folder) throws Exception {
    Path program = folder.resolve("other");
    Map<String, String> environment = Map.of("SMARTPAY_OAUTH_MOCK_BINARY", program.toString());
    assertThat(ChildJvm.run(Starts.class, environment, "return"))
        .contains("SMARTPAY_OAUTH_MOCK_BINARY: there is no file " + program);

    Files.writeString(program, "#!/bin/sh\necho 'I am not the mock' >&2\nexit 7\n");
    assertThat(ChildJvm.run(Starts.class, environment, "return"))
        .contains("cannot start the program")
        .contains("Permission denied");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    assertThat(ChildJvm.run(Starts.class, environment, "return"))
        .contains("SmartpayMockException: I am not the mock");
  }

  /** Starts a server, prints its URL, and ends as its argument says. */
  static final class Starts {
    public static void main(String[] arguments) throws Exception {
      if (arguments[0].equals("all")) {
        startAll();
        return;
      }
      SmartpayMock mock = SmartpayMock.start();
      mock.issueCode();
      System.out.println(mock.baseUrl());
      switch (arguments[0]) {
        case "wait" -> Thread.sleep(60_000);
        case "exit" -> System.exit(3);
        case "halt" -> Runtime.getRuntime().halt(3);
        case "throw" -> throw new ArithmeticException();
        case "child" -> {
          System.out.println(new ProcessBuilder("sleep", "60").start().pid());
          Thread.sleep(60_000);
        }
        default -> {}
      }
    }

    private static void startAll() {
      try (SmartpayMock mock = SmartpayMock.start();
          SmartpayMock realm = mock.newRealm()) {
        realm.issueCode();
      }
      SmartpayMock forgotten = SmartpayMock.builder().tls().start();
      forgotten.clientCertificate("one").keyStore();
      for (var builder :
          List.of(
              SmartpayMock.builder().fixtures("clints: []"),
              SmartpayMock.builder().tls().args("--listn"))) {
        try {
          builder.start();
        } catch (IllegalArgumentException e) {
          System.out.println(e.getMessage());
        }
      }
    }
  }
}
