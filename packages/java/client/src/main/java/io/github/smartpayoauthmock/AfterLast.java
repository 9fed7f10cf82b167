package io.github.smartpayoauthmock;

import java.util.Locale;

/** What happens to a request that a scenario matches after the last of its outcomes. */
public enum AfterLast {
  /** The request gets the ordinary response. This is the default. */
  PASS,
  /** The outcomes begin again. */
  REPEAT,
  /** The request gets the last outcome. */
  LAST;

  /** Returns the value as the control API has it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
