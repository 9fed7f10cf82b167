package io.github.smartpayoauthmock.internal;

import io.github.smartpayoauthmock.SmartpayMockException;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server of our own. It ends when this process does, however that ends. */
public final class ServerProcess {
  private static final int START_TIMEOUT_MS = 30_000;

  /** After the tests nobody waits for a response, so requests that hang are not waited for. */
  private static final int STOP_TIMEOUT_MS = 1000;

  /** The exit code of the program for invalid arguments or fixtures. */
  private static final int USAGE = 2;

  /** How often a program that another thread is still unpacking is tried again. */
  private static final int BUSY_RETRIES = 50;

  private final TemporaryFolder folder;
  private final Path readyFile;
  private final Process process;
  private final LogTail log;

  /**
   * Starts the program.
   *
   * @param folder for the server's files; it is removed when the server is ready
   */
  public ServerProcess(List<String> arguments, TemporaryFolder folder) {
    this.folder = folder;
    this.readyFile = folder.path().resolve("ready.json");

    List<String> command = new ArrayList<>();
    command.add(Program.find().toString());
    command.add("--ready-file");
    command.add(readyFile.toString());
    // The pipe to the server closes with this process, even if that is killed.
    command.add("--exit-on-stdin-close");
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD);
    Environment.removeServerOptions(builder.environment());

    this.process = start(builder);
    this.log = new LogTail(process.getErrorStream());
  }

  private static Process start(ProcessBuilder builder) {
    for (int tries = 0; ; tries++) {
      try {
        return builder.start();
      } catch (IOException e) {
        // A process that another thread starts holds the file open that was just written, until it
        // executes its own program.
        boolean isBusy = String.valueOf(e.getMessage()).contains("error=26");
        if (!isBusy || tries == BUSY_RETRIES) {
          throw new SmartpayMockException("cannot start the program: " + e.getMessage(), e);
        }
        sleep(10);
      }
    }
  }

  /**
   * Waits until the server accepts requests, and returns its URLs.
   *
   * @throws IllegalArgumentException if it refuses an option or its fixtures
   * @throws SmartpayMockException if it cannot start
   */
  public Map<String, Object> waitUntilReady() {
    for (int waited = 0; waited < START_TIMEOUT_MS; waited++) {
      if (Files.exists(readyFile)) {
        return readReadyFile();
      }
      if (!process.isAlive()) {
        throw startError(process.exitValue());
      }
      sleep(1);
    }
    throw new SmartpayMockException(
        "the server does not start within " + START_TIMEOUT_MS / 1000 + " s\n" + log.text());
  }

  private Map<String, Object> readReadyFile() {
    try {
      Map<String, Object> urls = Json.parse(Files.readString(readyFile));
      // So nothing is left behind if this process is killed.
      folder.close();
      return urls;
    } catch (IOException e) {
      throw new SmartpayMockException("cannot read " + readyFile + ": " + e, e);
    }
  }

  private RuntimeException startError(int code) {
    String text = log.afterEnd().replace(folder.path() + File.separator, "");
    if (code == USAGE) {
      return new IllegalArgumentException(text);
    }
    return new SmartpayMockException(
        text.isEmpty() ? "the server ended at once, with exit code " + code : text);
  }

  /** Returns why the server did not respond. */
  public String explain(IOException error) {
    try {
      // A process that was just killed takes a moment to end.
      if (process.waitFor(200, TimeUnit.MILLISECONDS)) {
        return "the server has ended (exit code "
            + process.exitValue()
            + "). Its log ends with:\n"
            + log.afterEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return "the server does not respond: " + error;
  }

  /** Ends the server, waits until it has ended, and removes its files. */
  public void stop() {
    boolean hasEnded = false;
    try {
      process.getOutputStream().close();
      hasEnded = process.waitFor(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // It is killed instead.
    }
    if (!hasEnded) {
      process.destroyForcibly();
    }
    folder.close();
  }

  private static void sleep(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SmartpayMockException("interrupted while the server starts", e);
    }
  }
}
