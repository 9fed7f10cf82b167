package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** A folder for files of a server, which is removed at the latest when this process ends. */
public final class TemporaryFolder implements AutoCloseable {
  private static final Set<TemporaryFolder> OPEN = ConcurrentHashMap.newKeySet();
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread() {
              @Override
              public void run() {
                OPEN.forEach(TemporaryFolder::close);
              }
            });
  }

  private final Path path;

  private TemporaryFolder(Path path) {
    this.path = path;
  }

  /**
   * Creates a folder that only this user can read.
   *
   * <p>{@code Files.createTempDirectory} takes 40 ms the first time, for a secure random name. A
   * name that is taken is an error here, so it need not be secret.
   */
  public static TemporaryFolder create() throws IOException {
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
    String name = "smartpay-oauth-mock-" + random;
    Path path = Path.of(System.getProperty("java.io.tmpdir"), name);

    // On Windows, the folder for temporary files belongs to the user.
    TemporaryFolder folder =
        new TemporaryFolder(
            Platform.isWindows()
                ? Files.createDirectory(path)
                : Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY)));
    OPEN.add(folder);
    return folder;
  }

  /** Returns the path of the folder. */
  public Path path() {
    return path;
  }

  /** Removes the folder with everything in it, as far as that is possible. */
  @Override
  public void close() {
    OPEN.remove(this);
    remove(path);
  }

  private static void remove(Path path) {
    try {
      if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
          for (Path entry : entries) {
            remove(entry);
          }
        }
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // On Windows, a file that is in use remains.
    }
  }
}
