package tests;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.testkit.engine.EngineTestKit;

/**
 * Prints how long things take: {@code packages/java/check measure}. It judges nothing, and its name
 * is not that of a test, so that only this runs it.
 */
class Measurements {
  private static final String BODY = "{\"client_id\":\"v6TJH1IqhM\",\"merchant_id\":\"rahulrama\"}";

  private static void print(String what, int runs, Callable<Double> measure) throws Exception {
    double[] times = new double[runs];
    for (int i = 0; i < runs; i++) {
      times[i] = measure.call();
    }
    Arrays.sort(times);
    System.out.printf("%-48s best %7.1f ms, median %7.1f ms%n", what, times[0], times[runs / 2]);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  @Test
  void theFirstToken(@TempDir Path folder) throws Exception {
    String program = ChildJvm.run(PrintsProgram.class, Map.of()).strip();
    print("program alone, start to first token", 20, () -> startProgram(program, folder));
    print("new JVM, main method to first token", 20, () -> run("package"));
    print("new JVM, the same without the package", 20, () -> run("program", program));
  }

  private static double run(String... arguments) throws IOException {
    return Double.parseDouble(ChildJvm.run(FirstToken.class, Map.of(), arguments));
  }

  /** Starts the program without the package, and gets a token. */
  private static double startProgram(String program, Path folder) throws Exception {
    long start = System.nanoTime();
    Path ready = folder.resolve("ready");
    Process process =
        new ProcessBuilder(
                program, "--listen=127.0.0.1:0", "--ready-file=" + ready, "--exit-on-stdin-close")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    while (!Files.exists(ready)) {
      Thread.sleep(0, 200_000);
    }
    String urls = Files.readString(ready);
    int port = Integer.parseInt(urls.split("127.0.0.1:", 2)[1].split("\"", 2)[0]);
    try (Socket socket = new Socket("127.0.0.1", port);
        OutputStream output = socket.getOutputStream()) {
      String request =
          "POST /_mock/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
              + "Connection: close\r\nContent-Length: "
              + BODY.length()
              + "\r\n\r\n"
              + BODY;
      output.write(request.getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
    double elapsed = since(start);
    process.getOutputStream().close();
    process.waitFor();
    return elapsed;
  }

  @Test
  void aRealm() throws Exception {
    try (SmartpayMock mock = SmartpayMock.start()) {
      print("realm, from its creation to its end", 200, () -> useRealm(mock));
    }
  }

  private static double useRealm(SmartpayMock mock) {
    long start = System.nanoTime();
    mock.newRealm().close();
    return since(start);
  }

  @Test
  void oneHundredTests() throws Exception {
    print("100 test methods with a realm each", 3, Measurements::runTests);
  }

  private static double runTests() {
    long start = System.nanoTime();
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(OneHundred.class))
        .execute()
        .testEvents()
        .assertStatistics(stats -> stats.succeeded(100));
    return since(start);
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class OneHundred {
    @RepeatedTest(100)
    void aTest(SmartpayMock mock) {
      mock.issueTokens();
    }
  }

  /** Prints the path of the program that the package has unpacked. */
  static final class PrintsProgram {
    public static void main(String[] arguments) {
      try (SmartpayMock mock = SmartpayMock.start()) {
        mock.issueCode();
        ProcessHandle.current()
            .children()
            .flatMap(child -> child.info().command().stream())
            .forEach(System.out::println);
      }
    }
  }

  /** Prints how long it took from the start of its main method to the first token. */
  static final class FirstToken {
    public static void main(String[] arguments) throws Exception {
      if (arguments[0].equals("program")) {
        System.out.println(startProgram(arguments[1], Files.createTempDirectory("measure")));
        return;
      }
      long start = System.nanoTime();
      try (SmartpayMock mock = SmartpayMock.start()) {
        mock.issueTokens();
        System.out.println(since(start));
      }
    }
  }
}
