package io.github.smartpayoauthmock.internal;

import java.util.Iterator;
import java.util.Map;

/**
 * The environment variables that the client reads.
 *
 * <p>This and other code that runs before the first server starts has no lambda expressions, whose
 * first use in a process takes some 10 ms.
 */
public final class Environment {
  /** Names another program. */
  public static final String BINARY = "SMARTPAY_OAUTH_MOCK_BINARY";

  /** Names a server that runs already. */
  public static final String SERVER = "SMARTPAY_MOCK_SERVER";

  /** The control token of that server. */
  public static final String CONTROL_TOKEN = "SMARTPAY_MOCK_CONTROL_TOKEN";

  /** The CA of that server. */
  public static final String CA = "SMARTPAY_MOCK_CA";

  /** A client certificate for that server. */
  public static final String CERTIFICATE = "SMARTPAY_MOCK_CERT";

  /** The key of the client certificate. */
  public static final String KEY = "SMARTPAY_MOCK_KEY";

  private Environment() {}

  /** Returns the value of a variable; null if it is not set, or empty. */
  public static String get(String name) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? null : value;
  }

  /**
   * Removes the variables for options of a server, but for those of the log: tests get the server
   * that they ask for, on any machine.
   */
  static void removeServerOptions(Map<String, String> environment) {
    Iterator<String> names = environment.keySet().iterator();
    while (names.hasNext()) {
      String name = names.next();
      if (name.startsWith("SMARTPAY_MOCK_") && !name.startsWith("SMARTPAY_MOCK_LOG")) {
        names.remove();
      }
    }
  }
}
