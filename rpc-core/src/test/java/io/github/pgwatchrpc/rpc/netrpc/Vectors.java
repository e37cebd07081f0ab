package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.gob.GobLimits;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The golden vectors as arguments of calls. */
public final class Vectors {

    private Vectors() {}

    /** The names of all vectors. */
    public static List<String> names() throws IOException, URISyntaxException {
        URL folder = Objects.requireNonNull(Vectors.class.getResource("/gob"));
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
            return files.map(each -> each.getFileName().toString())
                    .filter(each -> each.endsWith(".gob"))
                    .map(each -> each.substring(0, each.length() - ".gob".length()))
                    .sorted()
                    .toList();
        }
    }

    /**
     * The messages of each top-level value of a stream, with the definitions before it. Where a value ends is found by
     * sending its messages one by one until a call is answered.
     */
    public static List<List<byte[]>> arguments(String vector) {
        NetRpcServer server = new TestService()
                .addTo(NetRpcServer.builder())
                .limits(NetRpcLimits.DEFAULT.toBuilder()
                        .gob(GobLimits.DEFAULT.toBuilder().depth(1000).build())
                        .build())
                .build();
        List<List<byte[]>> arguments = new ArrayList<>();
        List<byte[]> current = new ArrayList<>();
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(Requests.header("Echo.Any", 1));
            for (byte[] message : Streams.messages(Streams.golden(vector))) {
                current.add(message);
                peer.send(Requests.message(message));
                List<Answers.Answer> answers = peer.answers();
                if (!answers.isEmpty()) {
                    assertEquals("", answers.get(0).error(), vector);
                    arguments.add(current);
                    current = new ArrayList<>();
                    peer.send(Requests.header("Echo.Any", 1));
                }
            }
        }
        assertTrue(current.isEmpty(), () -> "a value of " + vector + " has no end");
        assertFalse(arguments.isEmpty(), vector);
        return arguments;
    }
}
