package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a stranger who reaches the port can do to those who have a key: nothing. Each attack hits the packaged receiver under
 * the launcher's settings while a pgwatch v3 and a pgwatch v5 call; {@link Siege} says what must hold. A receiver that has
 * withstood an attack is there for the next one.
 */
@Tag("process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostilePeersTest {

    /** One for all: a receiver that goes on needs its files. */
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    static Path directory;

    /** Takes connections without TLS from this machine. */
    private @Nullable ServerProcess usual;

    private record Attack(String name, Siege.Attack attack) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** For who mends one thing: {@code -Dhostile.attacks=tls} for the attacks whose names begin so. */
    private static final String ONLY = System.getProperty("hostile.attacks", "");

    private static Attack attack(String name, Siege.Attack attack) {
        return new Attack(name, attack);
    }

    static Stream<Attack> attacks() {
        return Stream.of(
                        attack("gob: large definitions", GobAttacks::largeDefinitions),
                attack("gob: definitions on many connections", GobAttacks::definitionsOfMany),
                attack("gob: many definitions", GobAttacks::manyDefinitions),
                attack("gob: messages without end", GobAttacks::unfinishedMessages),
                attack("gob: large refused calls", GobAttacks::largeRefusedCalls),
                attack("gob: deep values", GobAttacks::deepValues),
                attack("gob: unknown methods", GobAttacks::unknownMethods),
                attack("gob: a second field of rows", GobAttacks::secondFieldOfRows),
                attack("http/2: headers without end", Http2Attacks::endlessHeaders),
                attack("http/2: frames without end", Http2Attacks::unfinishedFrames),
                attack("http/2: watchers of health", Http2Attacks::watchers),
                attack("http/2: watchers of long names", Http2Attacks::watchersOfLongNames),
                attack("http/2: calls without a message", Http2Attacks::callsWithoutMessage),
                attack("http/2: messages without end", Http2Attacks::unfinishedMessages),
                attack("http/2: packed messages", Http2Attacks::packedMessages),
                attack("http/2: packed messages, with a key", Http2Attacks::packedMessagesWithKey),
                attack("http/2: answers that nobody reads, with a key", Http2Attacks::unreadReflection),
                attack("http/2: acknowledgements that nobody reads", Http2Attacks::unreadAcknowledgements),
                attack("http/2: rapid resets", Http2Attacks::rapidResets),
                attack("http/2: useless frames", Http2Attacks::uselessFrames),
                attack("http/2: headers from the table", Http2Attacks::headersFromTheTable),
                attack("tls: handshakes half open", TlsAttacks::halfOpenHandshakes),
                attack("tls: handshakes one after the other", TlsAttacks::handshakes),
                attack("tls: records without end", TlsAttacks::unfinishedRecords),
                attack("tls: messages without end", TlsAttacks::unfinishedHandshakeMessages),
                attack("tls: renegotiation", TlsAttacks::renegotiation),
                attack("web: half-sent requests", WebAttacks::halfSentRequests),
                attack("web: bodies that do not come", WebAttacks::bodiesThatDoNotCome),
                attack("web: pages that nobody reads", WebAttacks::unreadPages),
                attack("web: a foreign host", WebAttacks::foreignHost),
                attack("keys: a neighbour who guesses", KeyAttacks::guessingNeighbour),
                attack("log: resets before a protocol is known", LogAttacks::resetsAtOnce),
                attack("log: unknown protocols", LogAttacks::unknownProtocols),
                attack("log: resets after a call", LogAttacks::resetsAfterACall),
                attack("log: broken frames", LogAttacks::brokenFrames),
                attack("log: forged lines", LogAttacks::forgedLines))
                .filter(each -> each.name().startsWith(ONLY));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void withstands(Attack attack) throws Exception {
        ServerProcess server = usual;
        usual = null;
        if (server == null) {
            server = launch().start();
        }
        try {
            new Siege(server, false).withstand(attack.name(), attack.attack());
            usual = server;
        } finally {
            if (usual == null) {
                server.close();
            }
        }
    }

    @AfterAll
    void end() throws Exception {
        if (usual != null) {
            usual.terminate();
        }
    }

    static Stream<Attack> refusedAttacks() {
        return Stream.of(
                attack("refused gob: large definitions", GobAttacks::largeDefinitionsOfRefused),
                attack("refused gob: messages without end", GobAttacks::unfinishedMessagesOfRefused),
                attack("refused http/2: headers without end", Http2Attacks::endlessHeaders));
    }

    /** Who is refused since he has no TLS, is a stranger too. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("refusedAttacks")
    void withstandsWhomItRefuses(Attack attack) throws Exception {
        withstand(attack, true, launch("--plaintext", "never"));
    }

    /** It may have 400 files open, a hundred of them for itself. */
    private static ServerProcess.Launch withFewFiles(String... options) throws IOException {
        return launch(options).before("sh", "-c", "ulimit -n 400 && exec \"$@\"", "sh");
    }

    @Test
    void refusedConnectionsKeepNoSlot() throws Exception {
        withstand(
                attack("slots: refused connections that stay", SlotAttacks::refusedThatStay),
                true,
                withFewFiles("--plaintext", "never"));
    }

    @Test
    void floodThatIsRenewedShutsNobodyOut() throws Exception {
        withstand(attack("slots: a renewed flood", SlotAttacks::renewedFlood), false, withFewFiles());
    }

    @Test
    void webConnectionsTakeNoFilesAway() throws Exception {
        withstand(attack("web: many connections", WebAttacks::manyConnections), false, withFewFiles());
    }

    @Test
    void loiterersAreClosed() throws Exception {
        withstand(attack("slots: loiterers", SlotAttacks::loiterers), false, launch());
    }

    @Test
    void definitionsAreBounded() throws Exception {
        Path keys = directory.resolve("keys.txt");
        String key = ServerProcess.command(
                        "keys", "add", "shop", "--keys", keys.toString(), "--databases", "shop")
                .lines()
                .filter(line -> line.startsWith("pgwrpc_"))
                .findFirst()
                .orElseThrow();
        withstand(
                attack("keys: large definitions", siege -> KeyAttacks.largeDefinitions(siege, key)),
                false,
                launch("--keys", keys.toString()));
    }

    private static ServerProcess.Launch launch(String... options) throws IOException {
        return ServerProcess.launch(Files.createTempDirectory(directory, "receiver"))
                .launcher().options("--auth", "key").options(options);
    }

    private static void withstand(Attack attack, boolean tls, ServerProcess.Launch launch) throws Exception {
        try (ServerProcess server = launch.start()) {
            new Siege(server, tls).withstand(attack.name(), attack.attack());
        }
    }
}
