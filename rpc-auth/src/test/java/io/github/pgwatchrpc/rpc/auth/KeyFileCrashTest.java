package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it replaces the key leaves the old one or the new one. */
class KeyFileCrashTest {

    private static final int ROUNDS = 12;

    @TempDir
    Path directory;

    /** Replaces the key for ever, and says which one it is about to write before it does. */
    static final class Replacing {
        private Replacing() {}

        public static void main(String[] args) throws IOException {
            SecureRandom random = new SecureRandom();
            while (true) {
                ApiKey key = ApiKey.generate(random);
                System.out.println(KeyHash.of(key.text()));
                System.out.flush();
                KeyFile.replace(Path.of(args[0]), key);
            }
        }
    }

    @Test
    void aKillLeavesTheOldKeyOrTheNewOne() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path file = directory.resolve("api-key");
        Set<String> possible = new HashSet<>();
        possible.add(KeyFile.own(file, false, new SecureRandom()).read().hash().toString());
        for (int round = 0; round < ROUNDS; round++) {
            Process process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Replacing.class.getName(),
                            file.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
            for (int i = random.nextInt(5); i >= 0; i--) {
                possible.add(out.readLine());
            }
            // at any place of the next replacement
            LockSupport.parkNanos(random.nextInt(3_000_000));
            process.toHandle().destroyForcibly(); // the process itself would close its output too
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                possible.add(line);
            }
            process.waitFor();
            String found = KeyFile.existing(file).read().hash().toString();
            assertTrue(possible.contains(found), "round " + round + " of seed " + seed);
            assertEquals(
                    "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)), "seed " + seed);
            Path left = directory.resolve("api-key.tmp");
            if (Files.exists(left)) {
                assertEquals(
                        "rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(left)),
                        "seed " + seed);
            }
        }
    }
}
