package io.github.smartpayoauthmock;

import java.util.Locale;

/** Whether the server asks for client certificates over HTTPS. */
public enum ClientAuth {
  /** It asks for none. */
  OFF,
  /** It requests one, and accepts clients without. */
  OPTIONAL,
  /** It rejects the handshakes of clients without one, as the real server does. */
  REQUIRED;

  /** Returns the value as the command line has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
