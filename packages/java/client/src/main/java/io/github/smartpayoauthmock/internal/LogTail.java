package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Reads the log of a server, and keeps its end for errors. */
final class LogTail {
  private static final int SIZE = 4000;

  private final byte[] ring = new byte[SIZE];
  private final Thread reader;
  private long read;

  LogTail(InputStream log) {
    reader =
        new Thread("smartpay-oauth-mock log") {
          @Override
          public void run() {
            readAll(log);
          }
        };
    reader.setDaemon(true);
    reader.start();
  }

  private void readAll(InputStream log) {
    byte[] buffer = new byte[SIZE];
    try (log) {
      for (int count = log.read(buffer); count >= 0; count = log.read(buffer)) {
        add(buffer, count);
      }
    } catch (IOException e) {
      // The process has ended.
    }
  }

  private synchronized void add(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      ring[(int) (read++ % SIZE)] = bytes[i];
    }
  }

  /** Returns the end of the log of a process that has ended. */
  String afterEnd() {
    try {
      reader.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return text();
  }

  /** Returns the end of the log. */
  synchronized String text() {
    int count = (int) Math.min(read, SIZE);
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = ring[(int) ((read - count + i) % SIZE)];
    }
    return new String(bytes, StandardCharsets.UTF_8).strip();
  }
}
