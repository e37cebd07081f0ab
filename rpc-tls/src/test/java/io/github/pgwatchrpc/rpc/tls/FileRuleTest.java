package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FileRuleTest {
    private static final byte[] CONTENT = {1, 2, 3};

    @TempDir
    Path directory;

    private Path file(String mode) throws IOException {
        Path file = Files.write(directory.resolve("file"), CONTENT);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @ParameterizedTest
    @CsvSource({
        "OWN_KEY, rw-------", "OWN_KEY, r--------", "OWN_CERTIFICATE, rw-r--r--", "OWN_CERTIFICATE, rw-------",
        "GIVEN_KEY, rw-------", "GIVEN_KEY, r--r-----", "GIVEN_KEY, rw-r-----", "GIVEN_CERTIFICATE, rw-rw-rw-",
    })
    void readsWhatOnlyTheRightOnesCanTouch(FileRule rule, String mode) throws IOException {
        assertArrayEquals(CONTENT, rule.read(file(mode)));
    }

    @ParameterizedTest
    @CsvSource({
        "OWN_KEY, rw-r--r--, chmod 600",
        "OWN_KEY, rw-r-----, chmod 600",
        "OWN_KEY, r--r--r--, chmod 400",
        "OWN_CERTIFICATE, rw-rw-r--, chmod 644",
        "OWN_CERTIFICATE, rw-r--rw-, chmod 644",
        "GIVEN_KEY, rw-r--r--, chmod 640",
        "GIVEN_KEY, rw-rw----, chmod 640",
        "GIVEN_KEY, r--r--r--, chmod 440",
    })
    void refusesWhatOthersCanTouch(FileRule rule, String mode, String hint) throws IOException {
        Path file = file(mode);
        TlsException e = refused(() -> rule.read(file), file.toString(), "mode " + mode, "(expected: at most ");
        assertTrue(e.hint().startsWith(hint + " " + file), e.hint());
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatIsNoFile(FileRule rule) throws IOException, InterruptedException {
        refused(() -> rule.read(directory), directory.toString(), "not a plain file");
        refused(() -> rule.read(directory.resolve("none")), "none: there is no such file");

        Path pipe = directory.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", "-m", "600", pipe.toString())
                        .start()
                        .waitFor()
                == 0);
        refused(() -> rule.read(pipe), "pipe", "not a plain file");
    }

    @ParameterizedTest
    @EnumSource
    void refusesLargeFiles(FileRule rule) throws IOException {
        Path file = file("rw-------");
        Files.write(file, new byte[FileRule.MAX_SIZE]);
        assertEquals(FileRule.MAX_SIZE, rule.read(file).length);
        Files.write(file, new byte[FileRule.MAX_SIZE + 1]);
        refused(() -> rule.read(file), "more than 1048576 bytes");
    }

    @Test
    void followsLinksToWhatIsGivenOnly() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file("rw-------"));
        assertArrayEquals(CONTENT, FileRule.GIVEN_KEY.read(link));
        assertArrayEquals(CONTENT, FileRule.GIVEN_CERTIFICATE.read(link));
        refused(() -> FileRule.OWN_KEY.read(link), "link: a symbolic link");
        refused(() -> FileRule.OWN_CERTIFICATE.read(link), "link: a symbolic link");

        Files.setPosixFilePermissions(directory.resolve("file"), PosixFilePermissions.fromString("rw-r--r--"));
        refused(() -> FileRule.GIVEN_KEY.read(link), "link: mode rw-r--r--");
    }

    @Test
    void refusesFilesOfSomebodyElseInOurDirectory() throws IOException {
        Path file = file("rw-------");
        assumeTrue(
                Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(0),
                "only root gives files away");
        Files.setAttribute(file, "unix:uid", 4711);
        TlsException e = refused(() -> FileRule.OWN_KEY.read(file), "belongs to user 4711 (expected: root");
        assertTrue(e.hint().contains("chown root " + file), e.hint());
        refused(() -> FileRule.OWN_CERTIFICATE.read(file), "belongs to user 4711");
        assertArrayEquals(CONTENT, FileRule.GIVEN_KEY.read(file));
    }
}
