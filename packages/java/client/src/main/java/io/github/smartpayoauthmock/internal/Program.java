package io.github.smartpayoauthmock.internal;

import io.github.smartpayoauthmock.SmartpayMockException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Finds the program, and unpacks it once for each release. */
public final class Program {
  private static Path unpacked;

  private Program() {}

  /**
   * Returns the path of the program: the one that {@code SMARTPAY_OAUTH_MOCK_BINARY} names, or the
   * one of the jar for this platform.
   *
   * @throws SmartpayMockException if there is none
   */
  public static Path find() {
    String name = Environment.get(Environment.BINARY);
    return name == null ? packaged() : named(name);
  }

  private static Path named(String name) {
    Path path = Path.of(name).toAbsolutePath();
    if (!Files.isRegularFile(path)) {
      throw new SmartpayMockException(Environment.BINARY + ": there is no file " + path);
    }
    return path;
  }

  private static synchronized Path packaged() {
    if (unpacked == null || !Files.exists(unpacked)) {
      unpacked = findOrUnpack();
    }
    return unpacked;
  }

  private static Path findOrUnpack() {
    String folder = "META-INF/smartpay-oauth-mock/" + Platform.classifier() + "/";
    String hash = readHash(folder + "sha256");
    String resource = folder + Platform.programName();

    // The name has the hash, so a file that is there is the right one.
    Path cache = Platform.cacheFolder().resolve("smartpay-oauth-mock").resolve(hash);
    Path path = cache.resolve(Platform.programName());
    if (Files.isExecutable(path)) {
      return path;
    }
    try {
      Files.createDirectories(cache);
      unpack(resource, hash, path);
      if (!Files.isExecutable(path)) {
        throw new IOException("the file system of " + path + " allows no programs");
      }
      return path;
    } catch (IOException e) {
      return unpackForThisProcess(resource, hash, e);
    }
  }

  private static String readHash(String resource) {
    try (InputStream content = open(resource)) {
      if (content == null) {
        throw new SmartpayMockException(
            "the program for this platform is missing from the class path: add "
                + "io.github.smartpay-oauth-mock:smartpay-oauth-mock-binary with the classifier "
                + Platform.classifier()
                + ", or name the program in "
                + Environment.BINARY);
      }
      return new String(content.readAllBytes(), StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      throw new SmartpayMockException("cannot read " + resource + ": " + e, e);
    }
  }

  private static InputStream open(String resource) {
    return Program.class.getClassLoader().getResourceAsStream(resource);
  }

  /** Unpacks where the cache cannot be used. The file is removed with this process. */
  private static Path unpackForThisProcess(String resource, String hash, IOException reason) {
    try {
      Path folder = TemporaryFolder.create().path();
      return unpack(resource, hash, folder.resolve(Platform.programName()));
    } catch (IOException e) {
      e.addSuppressed(reason);
      throw new SmartpayMockException("cannot unpack the program: " + e, e);
    }
  }

  /** Writes the program to a file of its own first: other processes may unpack at the same time. */
  private static Path unpack(String resource, String hash, Path path) throws IOException {
    String suffix = "." + Long.toHexString(ThreadLocalRandom.current().nextLong());
    Path partial = path.resolveSibling(path.getFileName() + suffix);
    try {
      String written = write(resource, partial);
      if (!written.equals(hash)) {
        throw new SmartpayMockException(
            "the jar with the program is damaged: its hash is " + written + ", not " + hash);
      }
      if (!partial.toFile().setExecutable(true, true)) {
        throw new IOException("cannot make " + partial + " executable");
      }
      move(partial, path);
      return path;
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static void move(Path partial, Path path) throws IOException {
    try {
      Files.move(
          partial, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // Windows does not replace a program that runs, but then it is there.
      if (!Files.isExecutable(path)) {
        throw e;
      }
    }
  }

  /** Writes the program to a file, and returns its hash. */
  private static String write(String resource, Path path) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream content = new DigestInputStream(open(resource), digest)) {
        Files.copy(content, path);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
