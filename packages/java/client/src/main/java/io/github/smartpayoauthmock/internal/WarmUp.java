package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Loads the classes of JSON and of connections while the first server starts. Java loads a class when
 * it is first used, which takes longer than the calls themselves.
 */
public final class WarmUp {
  private static final AtomicBoolean HAS_BEGUN = new AtomicBoolean();

  private WarmUp() {}

  /** Begins in the background, the first time that it is called. */
  public static void begin() {
    if (HAS_BEGUN.compareAndSet(false, true)) {
      Thread thread = new Thread(WarmUp::loadClasses, "smartpay-oauth-mock warm-up");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static void loadClasses() {
    Json.write(Json.parse("{\"a\": [1, true, null, \"b\"], \"c\": {}}"));
    ControlClient.encode("a b");
    try (Socket socket = new Socket()) {
      // This fails at once, after it has loaded what a connection needs.
      socket.connect(new java.net.InetSocketAddress("127.0.0.1", 0), 1);
    } catch (IOException e) {
      // That is all.
    }
  }
}
