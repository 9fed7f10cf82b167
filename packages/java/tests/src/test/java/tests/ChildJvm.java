package tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A process of its own that runs a main method of these tests, with an environment of its own. */
final class ChildJvm implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ChildJvm(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Starts a main method. An empty variable counts as not set. */
  static ChildJvm start(Class<?> main, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    if (environment.containsKey("TMPDIR")) {
      command.add("-Djava.io.tmpdir=" + environment.get("TMPDIR"));
    }
    command.add(main.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new ChildJvm(builder.start());
  }

  /** Runs a main method to its end, and returns what it has printed. */
  static String run(Class<?> main, Map<String, String> environment, String... arguments)
      throws IOException {
    try (ChildJvm child = start(main, environment, arguments)) {
      StringBuilder printed = new StringBuilder();
      for (String line = child.readLine(); line != null; line = child.readLine()) {
        printed.append(line).append('\n');
      }
      return printed.toString();
    }
  }

  String readLine() throws IOException {
    return output.readLine();
  }

  Process process() {
    return process;
  }

  /** Waits until nothing listens at a URL any more. */
  static boolean ends(URI url) {
    for (int tries = 0; tries < 1000; tries++) {
      if (!isListening(url)) {
        return true;
      }
      LockSupport.parkNanos(10_000_000);
    }
    return false;
  }

  static boolean isListening(URI url) {
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
