package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** What can be done to the web address by whoever reaches it. */
final class WebAttacks {

    private WebAttacks() {}

    /** Requests whose end does not come. */
    static void halfSentRequests(Siege siege) throws IOException {
        crowd(siege, 20, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", 5);
    }

    /** Requests with a body that does not come. */
    static void bodiesThatDoNotCome(Siege siege) throws IOException {
        crowd(siege, 20, "GET /liveness HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nx", 5);
    }

    /** As many connections as can be had. */
    static void manyConnections(Siege siege) throws IOException {
        try (Crowd crowd = new Crowd(siege.web(), 1_000, bytes("GET /metrics HTTP/1.1\r\n")).from("127.0.0.1")) {
            crowd.stay(2);
            for (int i = 0; i < 4; i++) {
                siege.expectNewcomersToBeServed();
            }
            Figures.show("web: %s", crowd.stay(2));
        }
    }

    /** Pages that are asked for and not read. */
    static void unreadPages(Siege siege) throws IOException {
        byte[] bytes = bytes("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(2_000));
        try (Crowd crowd = new Crowd(siege.web(), 50, bytes).from("127.0.0.1").thatDoesNotRead()) {
            Figures.show("web: %s", crowd.stay(5));
        }
    }

    /** A page of somebody else's makes a browser ask under its own name. */
    static void foreignHost(Siege siege) throws IOException {
        try (Socket socket = new Socket(siege.web().getHostString(), siege.web().getPort())) {
            socket.getOutputStream()
                    .write(bytes("GET /api/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String status = answer.substring(0, answer.indexOf('\r'));
            assertEquals("4", status.split(" ")[1].substring(0, 1), answer);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void crowd(Siege siege, int size, String request, int seconds) throws IOException {
        try (Crowd crowd = new Crowd(siege.web(), size, bytes(request)).from("127.0.0.1")) {
            Figures.show("web: %s", crowd.stay(seconds));
        }
    }
}
