package io.github.smartpayoauthmock;

import java.util.Locale;

/** The status of a client, or of a merchant's account. */
public enum AccountStatus {
  /** It works. */
  ACTIVE,
  /** Its requests are refused. */
  INACTIVE;

  /** Returns the value as the control API has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
