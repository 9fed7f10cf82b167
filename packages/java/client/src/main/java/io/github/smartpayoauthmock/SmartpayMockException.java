package io.github.smartpayoauthmock;

/** Thrown when the server cannot be started, or does not respond. */
public final class SmartpayMockException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * Creates an exception.
   *
   * @param message what has failed
   */
  public SmartpayMockException(String message) {
    super(message);
  }

  /**
   * Creates an exception with its cause.
   *
   * @param message what has failed
   * @param cause why
   */
  public SmartpayMockException(String message, Throwable cause) {
    super(message, cause);
  }
}
