package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Loads the classes that a call needs while the first server starts. Java loads a class when it is
 * first used, which takes longer than the call itself.
 */
public final class WarmUp {
  private static final AtomicBoolean HAS_BEGUN = new AtomicBoolean();

  private WarmUp() {}

  /** Begins in the background, the first time that it is called. */
  public static void begin() {
    if (HAS_BEGUN.getAndSet(true)) {
      return;
    }
    Thread thread =
        new Thread("smartpay-oauth-mock warm-up") {
          @Override
          public void run() {
            Json.write(Json.parse("{\"a\": [1, true, null, \"b\"], \"c\": {}}"));
            exchangeWithItself();
          }
        };
    thread.setDaemon(true);
    thread.start();
  }

  /** Sends a request to a socket of this process, which has responded before. */
  private static void exchangeWithItself() {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocket server = new ServerSocket(0, 1, loopback);
        HttpConnection connection =
            new HttpConnection(loopback.getHostAddress(), server.getLocalPort(), null);
        Socket accepted = server.accept()) {
      String response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
      accepted.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII));
      connection.request("GET", "/", new byte[0], Map.of("a", "b"), 1000);
    } catch (IOException e) {
      // Then the first call takes a little longer.
    }
  }
}
