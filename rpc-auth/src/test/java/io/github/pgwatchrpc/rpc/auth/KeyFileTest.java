package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyFileTest {

    @TempDir
    Path directory;

    private final SecureRandom random = new SecureRandom();

    private Path path() {
        return directory.resolve("api-key");
    }

    private static void mode(Path file, String permissions) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static void refused(String message, Executable action) {
        KeyFileException refused = assertThrows(KeyFileException.class, action);
        assertTrue(refused.getMessage().contains(message), refused::getMessage);
        assertFalse(refused.hint().isEmpty());
    }

    @Test
    void eachStartMakesAnotherKeyForNobodyElse() throws Exception {
        KeyFile first = KeyFile.own(path(), false, random);
        String key = first.read().text();
        assertEquals(key + "\n", Files.readString(path()));
        assertEquals("rw-------", mode(path()));
        assertNotEquals(key, KeyFile.own(path(), false, random).read().text());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(path(), previous()), files.sorted().toList());
        }
        assertEquals("rw-------", mode(previous()));
    }

    private Path previous() {
        return directory.resolve("api-key.previous");
    }

    /** What is told of a key's text: nothing if it is not known. */
    private static String told(KeyFile file, ApiKey key) throws KeyFileException {
        return file.load().stream()
                .filter(each -> each.hash().equals(key.hash()))
                .map(each -> each.former().map(FormerKey::text).orElse("counts"))
                .findFirst()
                .orElse("");
    }

    @Test
    void theKeysBeforeAreKnownByTheirHash() throws Exception {
        KeyFile first = KeyFile.own(path(), false, random);
        assertFalse(first.isReplaced());
        assertEquals(1, first.load().size());
        ApiKey key = first.read();
        KeyFile second = KeyFile.own(path(), false, random);
        assertTrue(second.isReplaced());
        assertTrue(told(second, key).startsWith("this is the key of the receiver's last start"), told(second, key));
        assertFalse(Files.readString(previous()).contains(key.text().substring(10, 40)));
        ApiKey seconds = second.read();
        KeyFile.replace(path(), ApiKey.generate(random));
        // read again by a receiver that runs
        assertTrue(told(second, seconds).contains("when 'key --renew' made a new one"));
        assertTrue(told(second, key).startsWith("this is the key of an earlier start"));
        KeyFile kept = KeyFile.own(path(), true, random);
        assertFalse(kept.isReplaced());
        assertEquals("counts", told(kept, kept.read()));
        for (int i = 0; i < FormerKeys.MOST; i++) {
            KeyFile.own(path(), false, random);
        }
        assertEquals(1 + FormerKeys.MOST, kept.load().size());
        assertEquals("", told(kept, key));
    }

    /** It helps people, so what is wrong with it stops nothing, and stays nobody's way in. */
    @ParameterizedTest
    @ValueSource(strings = {"mode", "link", "text", "directory"})
    void aBadFileOfKeysBeforeStopsNothing(String what) throws Exception {
        ApiKey key = KeyFile.own(path(), false, random).read();
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "precious");
        switch (what) {
            case "mode" -> {
                Files.writeString(previous(), "x");
                mode(previous(), "rw-rw-rw-");
            }
            case "link" -> Files.createSymbolicLink(previous(), elsewhere);
            case "text" -> {
                Files.writeString(
                        previous(), "sha256:12 then start\n\u0000\nname=a hash=sha256:" + "0".repeat(64) + "\n");
                mode(previous(), "rw-------");
            }
            default -> Files.writeString(Files.createDirectory(previous()).resolve("file"), "");
        }
        KeyFile fresh = KeyFile.own(path(), false, random);
        assertEquals("counts", told(fresh, fresh.read()));
        assertEquals("precious", Files.readString(elsewhere));
        if (!what.equals("directory")) {
            assertTrue(told(fresh, key).startsWith("this is the key of the receiver's last start"));
            assertEquals("rw-------", mode(previous()));
        }
    }

    @Test
    void keepsTheKeyWhenAsked() throws Exception {
        String key = KeyFile.own(path(), true, random).read().text();
        assertEquals(key, KeyFile.own(path(), true, random).read().text());
        assertEquals(key, KeyFile.existing(path()).read().text());
    }

    @Test
    void whatACrashLeftBehindIsNoObstacle() throws Exception {
        Files.writeString(directory.resolve("api-key.tmp"), "half a k");
        KeyFile.own(path(), false, random);
        assertFalse(Files.exists(directory.resolve("api-key.tmp")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw-rw----", "rw----r--", "rw-----w-", "rw-------x"})
    void aFileForOthersIsRefusedWithItsMode(String permissions) throws Exception {
        String mode = permissions.substring(0, 9);
        for (boolean keep : new boolean[] {true, false}) {
            KeyFile.own(path(), true, random);
            mode(path(), mode.equals("rw-------") ? "rw------x" : mode);
            refused(
                    "api-key: mode " + mode(path()) + " (expected: at most rw-------)",
                    () -> KeyFile.own(path(), keep, random));
            mode(path(), "rw-------");
        }
    }

    @Test
    void aLinkIsRefused() throws Exception {
        Path elsewhere = directory.resolve("elsewhere");
        KeyFile.own(elsewhere, true, random);
        String before = Files.readString(elsewhere);
        Files.createSymbolicLink(path(), elsewhere);
        refused("api-key: a symbolic link", () -> KeyFile.own(path(), true, random));
        refused("api-key: a symbolic link", () -> KeyFile.own(path(), false, random));
        assertEquals(before, Files.readString(elsewhere));
    }

    @Test
    void aDirectoryOrAPipeIsRefused() throws Exception {
        Files.createDirectory(path());
        refused("api-key: not a plain file", () -> KeyFile.own(path(), true, random));
    }

    @Test
    void aFileOfAnotherUserIsRefused() throws Exception {
        KeyFile.own(path(), true, random);
        try {
            Files.setOwner(
                    path(),
                    path().getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        } catch (IOException e) {
            assumeTrue(false, "only root can give files away");
        }
        refused("api-key: belongs to user nobody, mode rw-------", () -> KeyFile.own(path(), true, random));
        refused("api-key: belongs to user nobody, mode rw-------", () -> KeyFile.own(path(), false, random));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "hunter2", "pgwrpc_abc"})
    void contentThatIsNoKeyIsRefusedWithoutShowingIt(String content) throws Exception {
        KeyFile.own(path(), true, random);
        Files.writeString(path(), content);
        KeyFileException refused = assertThrows(KeyFileException.class, () -> KeyFile.own(path(), true, random));
        assertTrue(refused.getMessage().contains("api-key: no key: "), refused::getMessage);
        assertFalse(!content.isBlank() && refused.getMessage().contains(content), refused::getMessage);
        KeyFile.own(path(), false, random); // a new one takes its place
    }

    @Test
    void aGivenFileMayBeALinkForAGroupAsMountedSecretsAre() throws Exception {
        Path first = Files.createDirectories(directory.resolve("..1")).resolve("key");
        Path second = Files.createDirectories(directory.resolve("..2")).resolve("key");
        String old = ApiKey.generate(random).text();
        String fresh = ApiKey.generate(random).text();
        Files.writeString(first, old);
        Files.writeString(second, "  " + fresh + "\n\n");
        mode(first, "r--r-----");
        mode(second, "rw-r-----");
        Path data = Files.createSymbolicLink(directory.resolve("..data"), first.getParent());
        Path given = Files.createSymbolicLink(directory.resolve("key"), data.resolve("key"));
        KeyFile file = KeyFile.given(given);
        ReloadingKeys keys = new ReloadingKeys(List.of(file));
        assertFalse(keys.check());
        Files.delete(data);
        Files.createSymbolicLink(data, second.getParent());
        assertTrue(keys.check());
        assertEquals(KeyHash.of(fresh), keys.current().keys().get(0).hash());
        Files.delete(data);
        assertFalse(keys.check());
        assertTrue(keys.problem().orElseThrow().contains("there is no such file"), keys.problem()::toString);
        assertEquals(KeyHash.of(fresh), keys.current().keys().get(0).hash(), "the last good one counts");
        Files.createSymbolicLink(data, first.getParent());
        assertTrue(keys.check());
        assertTrue(keys.problem().isEmpty());
    }

    @Test
    void aGivenFileForAllIsRefused() throws Exception {
        KeyFile.own(path(), true, random);
        mode(path(), "rw-r--r--");
        refused("api-key: mode rw-r--r-- (expected: at most rw-r-----)", () -> KeyFile.given(path()));
        refused("nosuch: there is no such file", () -> KeyFile.given(directory.resolve("nosuch")));
    }

    @Test
    void aHugeFileIsNotRead() throws Exception {
        KeyFile.own(path(), true, random);
        Files.write(path(), new byte[SecretFile.MAX_BYTES + 1]);
        refused("api-key: more than 1048576 bytes", () -> KeyFile.own(path(), true, random));
    }
}
