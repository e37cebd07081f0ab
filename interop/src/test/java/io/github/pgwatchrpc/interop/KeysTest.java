package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's net/rpc clients with and without a key call the packaged receiver, which wants one. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class KeysTest {

    private static final String MISSING = "authentication required: no key was shown";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private Path keyFile() {
        return directory.resolve("data").resolve("api-key");
    }

    private List<?> answers(GoPrograms go, ServerProcess server, String... more) throws Exception {
        String[] arguments = new String[more.length + 2];
        arguments[0] = "-addr";
        arguments[1] = server.address();
        System.arraycopy(more, 0, arguments, 2, more.length);
        return Json.list(
                go.run(directory, "keyed", arguments).mustSucceed().summary().get("answers"));
    }

    private static void assertAnswers(List<?> answers, String... expected) {
        assertEquals(expected.length, answers.size(), answers::toString);
        for (int i = 0; i < expected.length; i++) {
            String answer = (String) answers.get(i);
            assertTrue(expected[i].isEmpty() ? answer.isEmpty() : answer.startsWith(expected[i]), answers::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v3.0", "v3.5", "v3.7"})
    void anUnmodifiedPgwatchIsLetInByACustomTag(String shape, GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(keyFile()).strip();
            assertAnswers(answers(go, server, "-shape", shape, "-way", "tag", "-key", key), MISSING, "", "", "");
            assertAnswers(answers(go, server, "-shape", shape), MISSING, MISSING, MISSING, MISSING);
            String wrong = "authentication failed: what was shown is not a key";
            assertAnswers(
                    answers(go, server, "-shape", shape, "-way", "tag", "-key", "hunter2"),
                    MISSING,
                    wrong,
                    MISSING,
                    MISSING);
            assertEquals(2, server.lines().size());
            assertFalse(Files.readString(server.file()).contains("pgwatch_rpc_key"), "the tag was stored");
            assertFalse(server.log().contains(key.substring(7)), "the key is in the log");
            assertFalse(server.log().contains("hunter2"), "what was shown is in the log");
            assertTrue(server.log().contains("refused outcome=missing peer="), server.log());
        }
    }

    @Test
    void aClientThatKnowsOfKeysIsLetInByItsField(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(keyFile()).strip();
            assertAnswers(answers(go, server, "-way", "field", "-key", key), "", "", "", "");
            assertEquals(2, server.lines().size());
        }
        try (ServerProcess open = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "none")) {
            assertAnswers(answers(go, open, "-way", "field", "-key", "whatever"), "", "", "", "");
        }
    }

    @ParameterizedTest
    @CsvSource({"tag, 1", "field, 0"})
    void afterARestartTheOldKeyIsRefused(String way, int first, GoPrograms go) throws Exception {
        String old;
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            old = Files.readString(keyFile()).strip();
            assertEquals("", answers(go, server, "-way", way, "-key", old).get(first));
            server.terminate();
        }
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String answer =
                    (String) answers(go, server, "-way", way, "-key", old).get(first);
            assertTrue(
                    answer.startsWith("authentication failed: this is the key of the receiver's last start"), answer);
            assertTrue(answer.contains("--api-key keep keeps it"), answer);
            String fresh = Files.readString(keyFile()).strip();
            assertEquals("", answers(go, server, "-way", way, "-key", fresh).get(first));
        }
    }

    /** A fleet behind one NAT, or behind one proxy: most of it shows what is wrong, and who has mended it is let in. */
    @Test
    void aRightKeyPassesWhateverOthersAtItsAddressShow(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(
                directory,
                "127.0.0.1:0",
                "--auth",
                "key",
                "--server-username",
                "joe",
                "--server-password",
                "hunter2")) {
            String key = Files.readString(keyFile()).strip();
            String blocked = "pgwatch_rpc_auth_blocked_addresses";
            String[] wrong = {"-way", "field", "-key", "guess"};
            for (int runs = 0; server.metric(blocked) == 0; runs++) {
                assertTrue(runs < 50, server.log());
                answers(go, server, wrong);
            }
            assertAnswers(answers(go, server, "-way", "field", "-key", key), "", "", "", "");
            assertAnswers(answers(go, server, "-way", "tag", "-key", key), MISSING, "", "", "");
            grpc(go, server, "v5", "-user", "pgwatch", "-pass", key).mustSucceed();
            // who guesses reads why, and a password is not looked at, be it the right one
            String reason = "authentication failed: what was shown is not a key: it does not begin with pgwrpc_";
            assertAnswers(answers(go, server, wrong), reason, reason, reason, reason);
            grpc(go, server, "v5", "-user", "joe", "-pass", "hunter2").mustFail("and passwords are not looked at for ");
            assertEquals(1, server.metric(blocked));
            server.terminate();
            assertFalse(server.log().contains("hunter2"), "the password is in the log");
        }
    }

    /** Lines of a file of keys, as another program would write them. */
    private Path ring(String... keys) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (String each : keys) {
            String name = each.split(" ", 2)[0];
            byte[] hash =
                    MessageDigest.getInstance("SHA-256").digest(("key of " + name).getBytes(StandardCharsets.UTF_8));
            lines.append("name="
                    + each.replaceFirst(
                            name, name + " hash=sha256:" + HexFormat.of().formatHex(hash)) + "\n");
        }
        Path ring = Files.writeString(directory.resolve("keys"), lines);
        Files.setPosixFilePermissions(ring, PosixFilePermissions.fromString("rw-------"));
        return ring;
    }

    @Test
    void aKeyIsHeldToItsScopesAndRatesAndCountedByItsName(GoPrograms go) throws Exception {
        Path ring = ring("writes scope=write", "little calls=1/s", "defines scope=define,sync");
        try (ServerProcess server =
                ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key", "--keys", ring.toString())) {
            String may = "the key writes may not do this: scope=write (expected: sync)";
            assertAnswers(answers(go, server, "-way", "field", "-key", "key of writes"), may, "", may, "");
            grpc(go, server, "v5", "-pass", "key of writes")
                    .mustFail("PermissionDenied desc = the key writes may not do this");
            may = "the key defines may not do this: scope=sync,define (expected: write)";
            assertAnswers(answers(go, server, "-way", "field", "-key", "key of defines"), "", may, "", may);
            List<Object> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.addAll(answers(go, server, "-way", "field", "-key", "key of little"));
            }
            String limited = "receiver limits the key little: calls beyond its rate: ";
            assertTrue(all.stream().anyMatch(each -> each.toString().startsWith(limited)), all::toString);
            long refused = all.stream().filter(each -> !each.equals("")).count();
            assertEquals(32, all.size());
            assertEquals(2, server.metric("pgwatch_rpc_key_rows_total{key=\"writes\"}"));
            assertEquals(32 - refused, server.metric("pgwatch_rpc_key_calls_total{key=\"little\"}"));
            assertEquals(refused, server.metric("pgwatch_rpc_key_calls_limited_total{key=\"little\"}"));
            assertTrue(server.metric("pgwatch_rpc_key_bytes_total{key=\"writes\"}") > 100);
            assertTrue(server.log().contains("used key=writes peer=/127.0.0.1:"), server.log());
            server.awaitMetric("pgwatch_rpc_key_connections{key=\"writes\"}", 0);
            Files.writeString(
                    ring, Files.readString(ring).replace(" scope=write\n", " revoked=2026-01-01T00:00:00Z\n"));
            for (int i = 0; !server.log().contains("revoked key=writes"); i++) {
                assertTrue(i < 2000, server::toString);
                LockSupport.parkNanos(10_000_000);
            }
            assertAnswers(
                    answers(go, server, "-way", "field", "-key", "key of writes")
                            .subList(0, 1),
                    "authentication failed: the key writes was revoked at ");
            server.terminate();
        }
    }

    /** pgwatch 4 and later, as grpc-go sends what stands in its URI. */
    @ParameterizedTest
    @ValueSource(strings = {"v5", "v6"})
    void grpcShowsItsKeyInEachCall(String scenario, GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(keyFile()).strip();
            grpc(go, server, scenario).mustFail("Unauthenticated desc = " + MISSING);
            grpc(go, server, scenario, "-user", "pgwatch", "-pass", "hunter2")
                    .mustFail("Unauthenticated desc = authentication failed: what was shown is not a key");
            assertTrue(!Files.exists(server.file()) || server.lines().isEmpty(), "a refused call was stored");
            grpc(go, server, scenario, "-user", "pgwatch", "-pass", key).mustSucceed();
            String ca = server.authority().toString();
            grpc(go, server, scenario, "-pass", key, "-ca", ca).mustSucceed();
            grpc(go, server, scenario, "-pass", key + "A", "-ca", ca).mustFail("Unauthenticated");
            server.terminate();
            assertEquals(4, server.lines().size());
            assertFalse(server.log().contains(key.substring(7)), "the key is in the log");
            assertFalse(server.log().contains("hunter2"), "what was shown is in the log");
        }
    }

    /** With {@code --auth certificate} a client's certificate is proof enough, and a key still is where it has none. */
    @Test
    void aCertificateIsAProof(GoPrograms go) throws Exception {
        for (String name : List.of("ours", "strange")) {
            go.run(directory, "certificates", "-dir", directory.toString(), "-name", name)
                    .mustSucceed();
        }
        String clients = directory.resolve("ours-ca.crt").toString();
        String[] ours = {"-cert", file("ours-client.crt"), "-key", file("ours-client.key")};
        String[] strange = {"-cert", file("strange-client.crt"), "-key", file("strange-client.key")};
        try (ServerProcess server =
                ServerProcess.start(directory, "127.0.0.1:0", "--auth", "certificate", "--tls-client-ca", clients)) {
            String ca = server.authority().toString();
            String key = Files.readString(keyFile()).strip();
            grpc(go, server, "v5", join("-ca", ca, ours)).mustSucceed();
            netRpc(go, server, join("-ca", ca, ours)).mustSucceed();
            int stored = server.lines().size();
            grpc(go, server, "v5", join("-ca", ca, strange)).mustFail("tls: bad certificate");
            grpc(go, server, "v5", "-ca", ca, "-pass", key).mustFail("tls: bad certificate");
            // without TLS there is no certificate, so a key is needed
            grpc(go, server, "v5").mustFail(MISSING);
            assertEquals(stored, server.lines().size());
            grpc(go, server, "v5", "-pass", key).mustSucceed();
            assertTrue(server.metric("pgwatch_rpc_auth_decisions_total{outcome=\"certificate\"}") > 0);
            server.terminate();
        }
        try (ServerProcess server = ServerProcess.start(
                directory,
                "127.0.0.1:0",
                "--auth",
                "certificate",
                "--tls-client-ca",
                clients,
                "--tls-client-auth",
                "optional")) {
            String ca = server.authority().toString();
            String key = Files.readString(keyFile()).strip();
            grpc(go, server, "v5", join("-ca", ca, ours)).mustSucceed();
            netRpc(go, server, join("-ca", ca, ours)).mustSucceed();
            grpc(go, server, "v5", "-ca", ca).mustFail(MISSING);
            grpc(go, server, "v5", "-ca", ca, "-pass", key).mustSucceed();
            // a wrong key is wrong, whatever is shown beside it
            grpc(go, server, "v5", join("-pass", "hunter2", join("-ca", ca, ours)))
                    .mustFail("authentication failed");
            server.terminate();
        }
    }

    /** With {@code --auth key} it is needed in addition. */
    @Test
    void aCertificateIsNoKey(GoPrograms go) throws Exception {
        go.run(directory, "certificates", "-dir", directory.toString(), "-name", "ours")
                .mustSucceed();
        String[] ours = {"-cert", file("ours-client.crt"), "-key", file("ours-client.key")};
        try (ServerProcess server = ServerProcess.start(
                directory, "127.0.0.1:0", "--auth", "key", "--tls-client-ca", file("ours-ca.crt"))) {
            String ca = server.authority().toString();
            String key = Files.readString(keyFile()).strip();
            grpc(go, server, "v5", join("-ca", ca, ours)).mustFail(MISSING);
            grpc(go, server, "v5", join("-pass", key, join("-ca", ca, ours))).mustSucceed();
            server.terminate();
        }
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    private static String[] join(String option, String value, String... more) {
        String[] all = new String[more.length + 2];
        all[0] = option;
        all[1] = value;
        System.arraycopy(more, 0, all, 2, more.length);
        return all;
    }

    private GoPrograms.Ended grpc(GoPrograms go, ServerProcess server, String scenario, String... more)
            throws Exception {
        String[] what = join("-definitions", "2000", join("-calls", "2", join("-scenario", scenario, more)));
        return go.run(directory, "grpc-pgwatch", join("-addr", server.address(), what));
    }

    private GoPrograms.Ended netRpc(GoPrograms go, ServerProcess server, String... more) throws Exception {
        String[] what = join("-shape", "v3.7", join("-transport", "raw", join("-calls", "2", more)));
        return go.run(directory, "pgwatch", join("-addr", server.address(), what));
    }
}
