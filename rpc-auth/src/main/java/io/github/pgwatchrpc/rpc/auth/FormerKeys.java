package io.github.pgwatchrpc.rpc.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers keys of the receiver's own that others took the place of, so that whoever still shows one is told so and is not
 * taken for somebody who guesses. In a file beside the key, newest first, hashes only:
 *
 * <pre>
 * sha256:9f86…0a08 2026-11-22T22:00:00Z start
 * </pre>
 *
 * <p>It is a help to people and protects nothing: what is wrong with the file never stops anything.
 */
final class FormerKeys {

    /** So many restarts in a row, of a receiver that fails for instance, and a key is still recognised. */
    static final int MOST = 10;

    private static final Logger LOG = LoggerFactory.getLogger(FormerKeys.class);
    private static final String SUFFIX = ".previous";
    private static final String HASH = "sha256:";

    private final Path path;

    /** @param key the file of the key that counts */
    FormerKeys(Path key) {
        this.path = key.toAbsolutePath().resolveSibling(key.getFileName() + SUFFIX);
    }

    /** Notes a key that is about to be replaced. */
    void add(KeyHash hash, FormerKey.By by, Clock clock) {
        try {
            List<String> lines = new ArrayList<>();
            String word = HASH + hash;
            lines.add(word + " " + clock.instant().truncatedTo(ChronoUnit.SECONDS) + " "
                    + by.name().toLowerCase(Locale.ROOT));
            for (String each : readOrForget()) {
                if (!each.startsWith(word) && lines.size() < MOST) {
                    lines.add(each);
                }
            }
            SecretFile.replace(path, String.join("\n", lines) + "\n");
        } catch (IOException e) {
            LOG.warn("who still shows the key of the last start is not told that it was replaced: {}", e.getMessage());
        }
    }

    /** What cannot be believed is begun anew, lest its mode or its owner stay. */
    private List<String> readOrForget() throws IOException {
        try {
            return read();
        } catch (KeyFileException e) {
            LOG.warn("begun anew: {}", e.getMessage());
            Files.delete(path);
            return List.of();
        }
    }

    private List<String> read() throws KeyFileException {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                ? SecretFile.OWN.read(path, null).lines().limit(MOST).toList()
                : List.of();
    }

    /** The keys of the file; none if it cannot be read. */
    List<NamedKey> load() {
        List<String> lines;
        try {
            lines = read();
        } catch (KeyFileException e) {
            return List.of();
        }
        List<NamedKey> keys = new ArrayList<>();
        for (String each : lines) {
            String[] words = each.split(" ", -1);
            try {
                KeyHash hash = KeyHash.parse(words[0].substring(HASH.length()));
                FormerKey.By by = FormerKey.By.valueOf(words[2].toUpperCase(Locale.ROOT));
                keys.add(NamedKey.former(
                        KeyFile.NAME, hash, new FormerKey(Instant.parse(words[1]), by, keys.isEmpty())));
            } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeParseException e) {
                LOG.debug("{}: a line that is none", path);
            }
        }
        return keys;
    }
}
