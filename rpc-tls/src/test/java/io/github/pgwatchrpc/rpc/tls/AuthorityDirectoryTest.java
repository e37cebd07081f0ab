package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.AuthorityDirectory.AUTHORITY_CERTIFICATE;
import static io.github.pgwatchrpc.rpc.tls.AuthorityDirectory.AUTHORITY_KEY;
import static io.github.pgwatchrpc.rpc.tls.AuthorityDirectory.SERVER_CERTIFICATE;
import static io.github.pgwatchrpc.rpc.tls.AuthorityDirectory.SERVER_KEY;
import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityDirectoryTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);

    /** The order in which a first start writes them. */
    private static final List<String> WRITTEN =
            List.of(AUTHORITY_KEY, AUTHORITY_CERTIFICATE, SERVER_KEY, SERVER_CERTIFICATE);

    @TempDir
    Path parent;

    private final TestClock clock = new TestClock(START);
    private Set<String> names = Set.of("localhost", "127.0.0.1");
    private Path path;

    @BeforeEach
    void setUp() {
        path = parent.resolve("tls");
    }

    /** As a new process would see it. */
    private AuthorityDirectory open() {
        return open(path);
    }

    private AuthorityDirectory open(Path where) {
        return new AuthorityDirectory(where, patience -> names, clock);
    }

    private Path file(String name) {
        return path.resolve(name);
    }

    private static Map<String, String> content(Path where) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.list(where)) {
            for (Path file : files.toList()) {
                content.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return content;
    }

    private void copyTo(Path where, String name) {
        try {
            Files.createDirectories(
                    where, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.copy(file(name), where.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(AuthorityDirectory directory) {
        return directory.authority().orElseThrow().sha256();
    }

    @Test
    void makesEverythingWithTheRightPermissions() throws IOException {
        AuthorityDirectory directory = open();
        assertTrue(directory.authority().isEmpty());
        Identity identity = directory.load();

        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        for (String name : WRITTEN) {
            assertEquals(
                    name.endsWith(".key") ? "rw-------" : "rw-r--r--",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(file(name))),
                    name);
        }
        List<X509Certificate> chain =
                Certificates.parse(file(SERVER_CERTIFICATE), Files.readAllBytes(file(SERVER_CERTIFICATE)));
        assertEquals(identity.chain(), chain);
        assertEquals(2, chain.size());
        assertEquals(
                List.of(chain.get(1)),
                Certificates.parse(file(AUTHORITY_CERTIFICATE), Files.readAllBytes(file(AUTHORITY_CERTIFICATE))));
        assertEquals(names, Certificates.names(identity.certificate()));
        assertEquals(
                AuthorityCertificate.read(file(AUTHORITY_CERTIFICATE)),
                directory.authority().orElseThrow());
    }

    @Test
    void staysOverRestarts() throws IOException {
        Identity first = open().load();
        Map<String, String> files = content(path);
        for (int days = 0; days < 264; days += 12) {
            clock.set(START.plus(DAY.multipliedBy(days)));
            assertEquals(first, open().load());
        }
        assertEquals(files, content(path));
    }

    @Test
    void renewsWithAThirdOfItsLifeLeft() throws IOException {
        AuthorityDirectory running = open();
        Identity first = running.load();
        Duration life = Duration.between(
                Certificates.notBefore(first.certificate()), Certificates.notAfter(first.certificate()));
        Instant due = Certificates.notAfter(first.certificate()).minus(life.dividedBy(3));

        clock.set(due);
        assertEquals(first, running.load());
        clock.advance(Duration.ofSeconds(1));
        Identity second = running.load();

        assertNotEquals(first.key(), second.key());
        assertTrue(Certificates.notAfter(second.certificate()).isAfter(Certificates.notAfter(first.certificate())));
        assertEquals(first.chain().get(1), second.chain().get(1));
        assertEquals(second, running.load());
        assertEquals(second, open().load());
    }

    @Test
    void renewsAfterItHasEnded() throws IOException {
        Identity first = open().load();
        clock.advance(DAY.multipliedBy(1000));
        Identity second = open().load();
        assertTrue(Certificates.validAt(second.certificate(), clock.instant()));
        assertEquals(first.chain().get(1), second.chain().get(1));
    }

    @Test
    void renewsWhenTheMachineGetsAnotherName() throws IOException {
        AuthorityDirectory running = open();
        Identity first = running.load();
        names = Set.of("localhost");
        assertEquals(first, running.load(), "a name less is no reason");

        names = Set.of("localhost", "new.example.org");
        Identity second = running.load();
        assertEquals(names, Certificates.names(second.certificate()));
        assertEquals(first.chain().get(1), second.chain().get(1));
        assertEquals(second, running.load());
    }

    @Test
    void waitsForNamesOnlyWhenACertificateIsMade() throws IOException {
        List<Duration> waits = new ArrayList<>();
        NameSource slow = patience -> {
            waits.add(patience);
            return names;
        };
        new AuthorityDirectory(path, slow, clock).load();
        assertEquals(List.of(AuthorityDirectory.NAME_PATIENCE), waits);
        waits.clear();
        new AuthorityDirectory(path, slow, clock).load();
        assertEquals(List.of(Duration.ZERO), waits);
    }

    @Test
    void makesAnotherOneWhenTheClockWentBack() throws IOException {
        AuthorityDirectory running = open();
        running.load();
        clock.advance(DAY.multipliedBy(300));
        running.load();
        clock.set(START.plus(DAY));
        assertTrue(Certificates.validAt(running.load().certificate(), clock.instant()));
    }

    @Test
    void doesNotOutliveItsAuthorityAndStopsTrying() throws IOException {
        AuthorityDirectory running = open();
        Instant end = Certificates.notAfter(running.load().chain().get(1));
        clock.set(end.minus(DAY.multipliedBy(30)));
        Identity last = running.load();
        assertEquals(end, Certificates.notAfter(last.certificate()));
        clock.set(end.minus(Duration.ofSeconds(1)));
        assertEquals(last, running.load());

        clock.set(end.plus(Duration.ofSeconds(1)));
        refused(running::load, "ca.crt: the authority's certificate expired at " + end);
        refused(() -> open().load(), "ca.crt");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRemovedAuthorityCertificateIsMadeAgainForTheSameKey(boolean restarted) throws IOException {
        AuthorityDirectory running = open();
        Identity first = running.load();
        String fingerprint = sha256(running);
        X509Certificate trustedByClients = first.chain().get(1);
        Files.delete(file(AUTHORITY_CERTIFICATE));
        clock.advance(DAY);

        AuthorityDirectory later = restarted ? open() : running;
        Identity second = later.load();
        if (restarted) {
            assertNotEquals(fingerprint, sha256(later));
            assertEquals(second.chain().get(1), later.load().chain().get(1));
        } else {
            assertEquals(fingerprint, sha256(later));
            assertEquals(first, second);
        }
        assertTrue(Certificates.signedBy(second.certificate(), trustedByClients), "clients need nothing new");
    }

    @Test
    void anExpiredAuthorityCertificateThatIsRemovedWhileRunningIsMadeAnew() throws IOException {
        AuthorityDirectory running = open();
        X509Certificate old = running.load().chain().get(1);
        clock.set(Certificates.notAfter(old).plus(DAY));
        Files.delete(file(AUTHORITY_CERTIFICATE));
        Identity identity = running.load();
        assertTrue(Certificates.validAt(identity.chain().get(1), clock.instant()));
        assertTrue(Certificates.validAt(identity.certificate(), clock.instant()));
        assertEquals(old.getPublicKey(), identity.chain().get(1).getPublicKey());
    }

    @Test
    void aFirstStartKilledAnywhereIsFinishedByTheNext() throws IOException {
        Identity whole = open().load();
        for (int written = 0; written < WRITTEN.size(); written++) {
            for (boolean half : new boolean[] {false, true}) {
                Path crashed = parent.resolve("crashed" + written + half);
                WRITTEN.subList(0, written).forEach(name -> copyTo(crashed, name));
                Files.createDirectories(
                        crashed, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                if (half) {
                    Files.writeString(crashed.resolve(WRITTEN.get(written) + ".tmp"), "-----BEGIN");
                }
                AuthorityDirectory next = open(crashed);
                Identity identity = next.load();

                assertEquals(identity, open(crashed).load());
                X509Certificate authority = identity.chain().get(1);
                assertEquals(
                        written >= 1,
                        authority.getPublicKey().equals(whole.chain().get(1).getPublicKey()));
                assertEquals(written >= 2, authority.equals(whole.chain().get(1)));
                assertFalse(Files.exists(crashed.resolve(WRITTEN.get(written) + ".tmp")));
            }
        }
    }

    @Test
    void aRenewalKilledBetweenKeyAndCertificateIsFinishedByTheNext() throws IOException {
        Identity first = open().load();
        byte[] oldCertificate = Files.readAllBytes(file(SERVER_CERTIFICATE));
        clock.advance(DAY.multipliedBy(300));
        open().load();
        Files.write(file(SERVER_CERTIFICATE), oldCertificate);

        Identity healed = open().load();
        assertNotEquals(first.certificate(), healed.certificate());
        assertEquals(first.chain().get(1), healed.chain().get(1));
        assertEquals(healed, open().load());
    }

    @Test
    void aServerFileCutOffAnywhereIsMadeAnew() throws IOException {
        X509Certificate authority = open().load().chain().get(1);
        for (String name : List.of(SERVER_KEY, SERVER_CERTIFICATE)) {
            int length = Files.readAllBytes(file(name)).length;
            for (int cut = 0; cut < length - 1; cut += 37) {
                Files.write(file(name), Arrays.copyOf(Files.readAllBytes(file(name)), cut));
                Identity healed = open().load();
                assertEquals(List.of(healed.certificate(), authority), healed.chain(), name + " cut at " + cut);
                assertTrue(PrivateKeys.match(healed.key(), healed.certificate().getPublicKey()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SERVER_KEY, SERVER_CERTIFICATE})
    void aRemovedServerFileIsMadeAnew(String name) throws IOException {
        Identity first = open().load();
        Files.delete(file(name));
        Identity second = open().load();
        assertNotEquals(first, second);
        assertEquals(first.chain().get(1), second.chain().get(1));
    }

    @Test
    void aCertificateOfAnotherAuthorityIsMadeAnew() throws IOException {
        open().load();
        Path other = parent.resolve("other");
        Identity foreign = open(other).load();
        for (String name : List.of(SERVER_KEY, SERVER_CERTIFICATE)) {
            Files.copy(other.resolve(name), file(name), StandardCopyOption.REPLACE_EXISTING);
        }
        assertNotEquals(foreign, open().load());
    }

    @Test
    void neverMakesAnotherAuthorityInPlaceOfOneThatClientsTrust() throws IOException {
        AuthorityDirectory running = open();
        running.load();
        Files.delete(file(AUTHORITY_KEY));
        TlsException e = refused(() -> open().load(), "ca.key: there is no such file");
        assertTrue(e.hint().contains("backup"), e.hint());

        for (String name : List.of(AUTHORITY_CERTIFICATE, SERVER_KEY, SERVER_CERTIFICATE)) {
            Files.delete(file(name));
        }
        refused(running::load, "ca.key: there is no such file");
        assertFalse(Files.exists(file(AUTHORITY_KEY)));
        open().load();
    }

    @Test
    void refusesAnAuthorityWhoseHalvesDoNotBelongTogether() throws IOException {
        open().load();
        Path other = parent.resolve("other");
        open(other).load();
        Files.copy(
                other.resolve(AUTHORITY_CERTIFICATE), file(AUTHORITY_CERTIFICATE), StandardCopyOption.REPLACE_EXISTING);
        refused(() -> open().load(), "ca.crt: does not belong to the key in " + file(AUTHORITY_KEY));
    }

    @Test
    void refusesADamagedAuthority() throws IOException {
        open().load();
        byte[] certificate = Files.readAllBytes(file(AUTHORITY_CERTIFICATE));
        Files.write(file(AUTHORITY_CERTIFICATE), Arrays.copyOf(certificate, 100));
        refused(() -> open().load(), "ca.crt", "no END line");
        Files.write(file(AUTHORITY_CERTIFICATE), certificate);
        Files.write(file(AUTHORITY_KEY), new byte[0]);
        refused(() -> open().load(), "ca.key: empty");
    }

    @Test
    void refusesAnAuthorityThatIsNoneOrNotYetOne() throws IOException {
        open().load();
        TestPki.Issued none = TestPki.template("none")
                .valid(START.minus(DAY), START.plus(DAY))
                .make();
        TestPki.writeCertificates(file(AUTHORITY_CERTIFICATE), none.certificate());
        TestPki.writeKey(file(AUTHORITY_KEY), none.key());
        refused(() -> open().load(), "ca.crt: not the certificate of an authority");

        TestPki.Issued early = TestPki.template("early")
                .authority()
                .valid(START.plus(DAY), START.plus(DAY.multipliedBy(2)))
                .make();
        TestPki.writeCertificates(file(AUTHORITY_CERTIFICATE), early.certificate());
        TestPki.writeKey(file(AUTHORITY_KEY), early.key());
        TlsException e = refused(() -> open().load(), "ca.crt: the certificate is not valid before");
        assertTrue(e.hint().contains("clock"), e.hint());
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void takesAnAuthorityThatSomebodyPutThere(String algorithm) throws IOException {
        open().load();
        TestPki.Issued given = TestPki.template("given")
                .authority()
                .keys(TestPki.keyPair(algorithm))
                .valid(START.minus(DAY), START.plus(DAY.multipliedBy(900)))
                .make();
        TestPki.writeCertificates(file(AUTHORITY_CERTIFICATE), given.certificate());
        TestPki.writeKey(file(AUTHORITY_KEY), given.key());
        Identity identity = open().load();
        assertEquals(given.certificate(), identity.chain().get(1));
        assertEquals(identity, open().load());

        Files.delete(file(AUTHORITY_CERTIFICATE));
        if (algorithm.equals("RSA")) {
            refused(() -> open().load(), "ca.crt: there is no such file");
        } else {
            open().load();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {AUTHORITY_KEY, SERVER_KEY})
    void refusesKeysThatOthersCouldReadOrExchange(String name) throws IOException {
        AuthorityDirectory running = open();
        running.load();
        Map<String, String> files = content(path);
        Files.setPosixFilePermissions(file(name), PosixFilePermissions.fromString("rw-r--r--"));
        TlsException e = refused(() -> open().load(), name + ": mode rw-r--r-- (expected: at most rw-------)");
        assertTrue(e.hint().startsWith("chmod 600 " + file(name)), e.hint());
        refused(running::load, name);
        assertEquals(files, content(path));

        Path moved = Files.move(file(name), parent.resolve("moved"));
        Files.setPosixFilePermissions(moved, PosixFilePermissions.fromString("rw-------"));
        Files.createSymbolicLink(file(name), moved);
        refused(() -> open().load(), name + ": a symbolic link");
        Files.delete(moved);
        refused(() -> open().load(), name + ": a symbolic link");
    }

    @Test
    void refusesADirectoryThatOthersCanWrite() throws IOException {
        open().load();
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
        refused(() -> open().load(), path + ": mode rwxrwxrwx");
    }

    @Test
    void twoProcessesThatStartTogetherAgree() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            PrintFingerprint.class.getName(),
                            path.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start());
        }
        List<String> printed = new ArrayList<>();
        for (Process process : processes) {
            printed.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            assertEquals(0, process.waitFor());
        }
        assertEquals(1, Set.copyOf(printed).size(), printed::toString);
    }

    /** What one of the processes does. */
    static final class PrintFingerprint {
        private PrintFingerprint() {}

        public static void main(String[] arguments) throws TlsException {
            ServerTls tls = ServerTls.withAuthority(Path.of(arguments[0]), patience -> Set.of("localhost"))
                    .open();
            System.out.println(tls.status().sha256());
        }
    }
}
