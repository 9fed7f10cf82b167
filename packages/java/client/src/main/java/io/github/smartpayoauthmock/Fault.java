package io.github.smartpayoauthmock;

import java.util.Locale;

/** A failure of the connection. */
public enum Fault {
  /** A TCP reset. */
  CONNECTION_RESET,
  /** The connection closes before the first byte of a response. */
  EMPTY_RESPONSE,
  /** No response, until the client gives up. */
  HANG,
  /** The body ends before its {@code Content-Length}. */
  TRUNCATED_BODY,
  /** Bytes that are not HTTP. */
  GARBAGE,
  /** The body arrives byte by byte. */
  SLOW_BODY;

  /** Returns the value as the control API has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
