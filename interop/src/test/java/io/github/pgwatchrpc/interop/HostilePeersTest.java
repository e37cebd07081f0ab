package io.github.pgwatchrpc.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
@Tag("hostile")
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

    /** An attack, or several at a time. */
    private static Attack attack(String name, Siege.Attack... attacks) {
        return new Attack(name, attacks.length == 1 ? attacks[0] : siege -> siege.together(attacks));
    }

    static Stream<Attack> attacks() {
        return Stream.of(
                        attack(
                                "gob: definitions",
                                GobAttacks::largeDefinitions,
                                GobAttacks::definitionsOfMany,
                                GobAttacks::manyDefinitions),
                        attack("gob: messages without end", GobAttacks::unfinishedMessages),
                        attack(
                                "gob: refused calls",
                                GobAttacks::largeRefusedCalls,
                                GobAttacks::deepValues,
                                GobAttacks::unknownMethods),
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
                        attack(
                                "http/2: frames that cost",
                                Http2Attacks::rapidResets,
                                Http2Attacks::uselessFrames,
                                Http2Attacks::headersFromTheTable),
                        attack("tls: handshakes half open", TlsAttacks::halfOpenHandshakes),
                        attack("tls: handshakes", TlsAttacks::handshakes, TlsAttacks::renegotiation),
                        attack(
                                "tls: records without end",
                                TlsAttacks::unfinishedRecords,
                                TlsAttacks::unfinishedHandshakeMessages),
                        attack(
                                "web: requests without end",
                                WebAttacks::halfSentRequests,
                                WebAttacks::bodiesThatDoNotCome,
                                WebAttacks::unreadPages),
                        attack("web: a foreign host", WebAttacks::foreignHost),
                        attack("keys: a neighbour who guesses", KeyAttacks::guessingNeighbour),
                        attack(
                                "log: connections that break off",
                                LogAttacks::resetsAtOnce,
                                LogAttacks::unknownProtocols,
                                LogAttacks::resetsAfterACall,
                                LogAttacks::brokenFrames),
                        attack("log: forged lines", LogAttacks::forgedLines),
                        attack(
                                "all at once",
                                GobAttacks::largeDefinitions,
                                GobAttacks::unfinishedMessages,
                                Http2Attacks::unfinishedMessages,
                                Http2Attacks::watchersOfLongNames,
                                Http2Attacks::endlessHeaders,
                                TlsAttacks::unfinishedHandshakeMessages))
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

    /** Who is refused since he has no TLS, is a stranger too. */
    @Test
    void withstandsWhomItRefuses() throws Exception {
        withstand(
                attack(
                        "refused: all at once",
                        GobAttacks::largeDefinitionsOfRefused,
                        GobAttacks::unfinishedMessagesOfRefused,
                        Http2Attacks::endlessHeaders),
                true,
                launch("--plaintext", "never"));
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
        String key = ServerProcess.command("keys", "add", "shop", "--keys", keys.toString(), "--databases", "shop")
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
                .launcher()
                .options("--auth", "key")
                .options(options);
    }

    private static void withstand(Attack attack, boolean tls, ServerProcess.Launch launch) throws Exception {
        try (ServerProcess server = launch.start()) {
            new Siege(server, tls).withstand(attack.name(), attack.attack());
        }
    }
}
