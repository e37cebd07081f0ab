package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyRingTest {

    private static final Instant NOW = Instant.parse("2026-11-22T22:00:00Z");
    private static final String HASH = "0123456789abcdef".repeat(4);

    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("keys");
    }

    private static NamedKey key(String name, String text, Optional<Instant> expires, String databases) {
        return new NamedKey(
                name,
                KeyHash.of(text),
                NamedKey.Users.NAME_OR_NONE,
                NOW,
                expires,
                Optional.empty(),
                Databases.parse(databases));
    }

    @Test
    void keepsWhatWasAddedAndRevoked() throws Exception {
        KeyRing ring = new KeyRing(path());
        NamedKey berlin = key("berlin", "a", Optional.empty(), "*");
        NamedKey paris = key("paris", "b", Optional.of(NOW.plusSeconds(60)), "shop,app_*,a%2Cb");
        ring.add(berlin);
        ring.add(paris);
        assertEquals(List.of(berlin, paris), ring.load());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
        ring.revoke("berlin", NOW);
        assertEquals(Optional.of(NOW), new KeyRing(path()).load().get(0).revoked());
        assertEquals(paris, ring.load().get(1));
        assertThrows(KeyFileException.class, () -> ring.revoke("berlin", NOW));
        assertThrows(KeyFileException.class, () -> ring.revoke("london", NOW));
        assertThrows(KeyFileException.class, () -> ring.add(key("paris", "c", Optional.empty(), "*")));
        assertThrows(KeyFileException.class, () -> ring.add(key("rome", "b", Optional.empty(), "*")));
        assertThrows(KeyFileException.class, () -> ring.add(key("no name", "d", Optional.empty(), "*")));
        assertEquals(2, ring.load().size());
    }

    @Test
    void keepsScopesAndRates() throws Exception {
        KeyRing ring = new KeyRing(path());
        NamedKey berlin = key("berlin", "a", Optional.empty(), "*")
                .with(Scopes.parse("write,sync"), Rates.parse("50/s", null, "2MB/s"));
        ring.add(berlin);
        assertEquals(List.of(berlin), ring.load());
        assertTrue(
                Files.readString(path()).endsWith(" databases=* scope=write,sync calls=50/s bytes=2097152/s\n"),
                Files.readString(path()));
        ring.revoke("berlin", NOW);
        assertEquals(berlin.scopes(), ring.load().get(0).scopes());
        assertEquals(Scopes.ALL, Scopes.parse("define,write,sync"));
        assertThrows(KeyFileException.class, () -> ring.add(key("api-key", "b", Optional.empty(), "*")));
    }

    @Test
    void leavesCommentsAndTheModeAsTheyAre() throws Exception {
        Files.writeString(path(), "# ours\n\nname=a hash=sha256:" + HASH + "\n");
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-r-----"));
        KeyRing ring = new KeyRing(path());
        ring.add(key("b", "b", Optional.empty(), "*"));
        ring.revoke("a", NOW);
        List<String> lines = Files.readAllLines(path());
        assertEquals("# ours", lines.get(0));
        assertEquals("", lines.get(1));
        assertEquals("name=a hash=sha256:" + HASH + " revoked=2026-11-22T22:00:00Z", lines.get(2));
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name=a | hash: something else",
                "name=a hash=sha256:12 | hash: something else",
                "name=a hash=pgwrpc_secretsecret | hash: something else",
                "pgwrpc_secretsecret | pgwrpc_... (expected: name=",
                "hash=sha256:H | name:  (expected: letters",
                "name=a/b hash=sha256:H | name: a/b (expected: letters",
                "name=a name=b hash=sha256:H | name: twice",
                "name=a hash=sha256:H expires=soon | expires: soon (expected: a time such as",
                "name=a hash=sha256:H databases=*x | databases: *x (expected",
                "name=api-key hash=sha256:H | name: api-key (expected: another one",
                "name=a hash=sha256:H scope=read | scope: read (expected: some of write,sync,define",
                "name=a hash=sha256:H scope= | scope:  (expected: some of",
                "name=a hash=sha256:H calls=5 | calls: 5 (expected: a number a second such as 100/s",
                "name=a hash=sha256:H rows=5KB/s | rows: 5KB/s (expected: a number a second",
                "name=a hash=sha256:H rows=0/s | rows: 0/s (expected: a number a second",
                "name=a hash=sha256:H bytes=9999999999999GB/s | bytes: 9999999999999GB/s (expected: a number a second such as 500KB/s",
                "name=a hash=sha256:H color=red | color (expected: name=",
            })
    void namesTheLineAndTheValueButNoSecret(String line, String message) throws Exception {
        Files.writeString(path(), "# first\n" + line.replace("H", HASH) + "\n");
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-------"));
        KeyFileException refused = assertThrows(KeyFileException.class, () -> new KeyRing(path()).load());
        assertTrue(refused.getMessage().startsWith(path() + ":2: " + message), refused::getMessage);
        assertFalse(refused.getMessage().contains("secretsecret"), refused::getMessage);
    }

    @Test
    void whoeverElseCouldChangeItMayNot() throws Exception {
        KeyRing ring = new KeyRing(path());
        ring.add(key("a", "a", Optional.empty(), "*"));
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-rw----"));
        assertThrows(KeyFileException.class, ring::load);
    }
}
