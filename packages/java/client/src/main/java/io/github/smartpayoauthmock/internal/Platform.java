package io.github.smartpayoauthmock.internal;

import java.nio.file.Path;
import java.util.Locale;

/** The platform of this machine. */
final class Platform {
  private static final String SYSTEM = System.getProperty("os.name").toLowerCase(Locale.ROOT);

  private Platform() {}

  static boolean isWindows() {
    return SYSTEM.startsWith("windows");
  }

  private static boolean isMac() {
    return SYSTEM.startsWith("mac");
  }

  /** Returns the classifier of the jar with the program, as os-maven-plugin names it. */
  static String classifier() {
    String system = isWindows() ? "windows" : isMac() ? "osx" : SYSTEM;
    String processor =
        switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64", "x64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch_64";
          default -> System.getProperty("os.arch");
        };
    return system + "-" + processor;
  }

  static String programName() {
    return isWindows() ? "smartpay-oauth-mock.exe" : "smartpay-oauth-mock";
  }

  /** Returns the user's folder for caches. */
  static Path cacheFolder() {
    String home = System.getProperty("user.home");
    if (isWindows()) {
      String local = Environment.get("LOCALAPPDATA");
      return local == null ? Path.of(home, "AppData", "Local") : Path.of(local);
    }
    if (isMac()) {
      return Path.of(home, "Library", "Caches");
    }
    String cache = Environment.get("XDG_CACHE_HOME");
    return cache == null ? Path.of(home, ".cache") : Path.of(cache);
  }
}
