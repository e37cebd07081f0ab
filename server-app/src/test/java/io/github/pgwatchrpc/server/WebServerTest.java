package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.server.WebServer.Limits;
import io.github.pgwatchrpc.server.WebServer.Page;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What strangers do to the web address, over real sockets. */
class WebServerTest {

    private static final Duration LONG = Duration.ofMinutes(2);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final int PATIENCE_MILLIS = 60_000;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final CountDownLatch hangs = new CountDownLatch(1);

    @AfterEach
    void closeAll() throws Exception {
        hangs.countDown();
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private WebServer server(int connections, Duration patience) throws Exception {
        WebServer server = new WebServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new WebHosts(() -> List.of("box"), List.of()),
                new Limits(connections, 200, 400, 3, patience));
        opened.add(server);
        server.quickPage("/quick", () -> Page.text(200, "quick"));
        server.page("/page", () -> Page.text(200, "page"));
        server.page("/long", () -> Page.text(200, "x".repeat(20 << 20)));
        server.page("/broken", () -> {
            throw new IllegalStateException("a fault, on purpose");
        });
        server.page("/hangs", () -> {
            try {
                hangs.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Page.text(200, "at last");
        });
        server.start();
        return server;
    }

    private Socket connect(WebServer server) throws IOException {
        Socket socket =
                new Socket(server.address().getAddress(), server.address().getPort());
        opened.add(socket);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private Socket send(WebServer server, String text) throws IOException {
        Socket socket = connect(server);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    /** All that comes until the end; a reset is an end too, with what has come before it. */
    private static String answer(Socket socket) throws IOException {
        StringBuilder all = new StringBuilder();
        InputStream in = socket.getInputStream();
        byte[] some = new byte[8192];
        try {
            for (int count = in.read(some); count >= 0; count = in.read(some)) {
                all.append(new String(some, 0, count, StandardCharsets.UTF_8));
            }
        } catch (SocketException e) {
            all.append("<reset>");
        }
        return all.toString();
    }

    private String ask(WebServer server, String text) throws IOException {
        return answer(send(server, text));
    }

    private String get(WebServer server, String path) throws IOException {
        return ask(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    private static void assertAnswer(String status, String text, String answer) {
        assertTrue(answer.startsWith("HTTP/1.1 " + status), answer);
        assertTrue(answer.contains(text), answer);
    }

    @Test
    void answersAndCloses() throws Exception {
        WebServer server = server(10, LONG);
        assertTrue(
                get(server, "/page?a=b")
                        .matches("(?s)HTTP/1\\.1 200 OK\r\ndate: .* GMT\r\ncontent-type: text/plain; charset=utf-8\r\n"
                                + "content-length: 5\r\nX-Content-Type-Options: nosniff\r\ncache-control: no-store\r\n"
                                + "connection: close\r\n\r\npage\n"),
                () -> {
                    try {
                        return get(server, "/page");
                    } catch (IOException e) {
                        return e.toString();
                    }
                });
        String head = ask(server, "HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertAnswer("200", "content-length: 5\r\n", head);
        assertTrue(head.endsWith("\r\n\r\n"), head);
        assertAnswer("404", "no such page: try /broken, /hangs, /long, /page, /quick", get(server, "/pages"));
        assertAnswer("500", "the log tells why", get(server, "/broken"));
    }

    /** Two of them were enough to hang the JDK's server for ever. */
    @Test
    void halfSentRequestsHoldNobodyUp() throws Exception {
        WebServer server = server(50, LONG);
        for (String half : List.of("", "G", "GET /page HTTP/1.1\r\n", "GET /page HTTP/1.1\r\nHost: loc", "\r\n\r\n")) {
            for (int i = 0; i < 5; i++) {
                send(server, half);
            }
        }
        assertAnswer("200", "quick", get(server, "/quick"));
        assertAnswer("200", "page", get(server, "/page"));
    }

    @Test
    void aRequestThatDoesNotEndIsEnded() throws Exception {
        WebServer server = server(10, SHORT);
        assertAnswer("408", "no whole request", ask(server, "GET /page HTTP/1.1\r\nHost: loc"));
        assertAnswer("408", "no whole request", ask(server, ""));
    }

    @Test
    void pagesThatHangHoldNoQuickOneUp() throws Exception {
        WebServer server = server(50, LONG);
        List<Socket> waiting = new ArrayList<>();
        // two are made at a time and three may wait
        for (int i = 0; i < 5; i++) {
            waiting.add(send(server, "GET /hangs HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            assertAnswer("200", "quick", get(server, "/quick"));
        }
        assertAnswer("503", "requests waiting for a page: more than 3", get(server, "/page"));
        assertAnswer("200", "quick", get(server, "/quick"));
        hangs.countDown();
        for (Socket each : waiting) {
            assertAnswer("200", "at last", answer(each));
        }
        assertAnswer("200", "page", get(server, "/page"));
    }

    @Test
    void aPageThatHangsIsGivenUp() throws Exception {
        assertAnswer("503", "the page could not be made within", get(server(10, SHORT), "/hangs"));
    }

    @Test
    void anAnswerThatNobodyTakesIsGivenUp() throws Exception {
        WebServer server = server(10, SHORT);
        Socket socket = send(server, "GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
        // asked for one after another, they show that the time is over
        for (int i = 0; i < 3; i++) {
            assertAnswer("503", "could not be made", get(server, "/hangs"));
        }
        assertTrue(answer(socket).length() < 20 << 20, "all of it was still there");
    }

    @Test
    void theOldestMakesRoom() throws Exception {
        WebServer server = server(5, LONG);
        List<Socket> idle = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            idle.add(send(server, "GET /"));
        }
        assertAnswer("200", "page", get(server, "/page"));
        for (int i = 0; i < 35; i++) {
            assertTrue(Set.of("", "<reset>").contains(answer(idle.get(i))), "connection " + i);
        }
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "Host: localhost | 200",
                "Host: box:5001 | 200",
                "Host: evil.example | 421",
                "Host: | 421",
                "Host: localhost;Host: evil.example | 400",
                "X: y | 400"
            },
            delimiter = '|')
    void theHostIsLookedAt(String headers, String status) throws Exception {
        WebServer server = server(10, LONG);
        for (String path : List.of("/quick", "/page")) {
            String answer = ask(server, "GET " + path + " HTTP/1.1\r\n" + headers.replace(";", "\r\n") + "\r\n\r\n");
            assertAnswer(status, status.equals("421") ? "--web-host NAME" : "", answer);
        }
    }

    /** A load balancer's check of old, which is no browser. */
    @Test
    void anOldRequestNeedsNoHost() throws Exception {
        WebServer server = server(10, LONG);
        assertAnswer("200", "quick", ask(server, "GET /quick HTTP/1.0\r\n\r\n"));
        assertAnswer("421", "", ask(server, "GET /quick HTTP/1.0\r\nHost: evil.example\r\n\r\n"));
    }

    @Test
    void whatIsTooLongOrWrongIsRefused() throws Exception {
        WebServer server = server(10, LONG);
        String host = "Host: localhost\r\n\r\n";
        assertAnswer("414", "<= 200", ask(server, "GET /" + "x".repeat(300) + " HTTP/1.1\r\n" + host));
        assertAnswer("431", "<= 400", ask(server, "GET /page HTTP/1.1\r\nX: " + "x".repeat(500) + "\r\n" + host));
        assertAnswer("400", "not a request", ask(server, "nonsense\r\n" + host));
        assertAnswer("400", "a path", ask(server, "GET http://localhost/page HTTP/1.1\r\n" + host));
        assertAnswer("405", "method: POST (expected: GET)", ask(server, "POST /page HTTP/1.1\r\n" + host));
        assertAnswer("405", "allow: GET, HEAD", ask(server, "PUT /page HTTP/1.1\r\n" + host));
    }

    /** The answer must not get lost under a body that nobody wants. */
    @Test
    void aBodyIsReadAndForgotten() throws Exception {
        WebServer server = server(10, LONG);
        String head = " /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
        assertAnswer("405", "", ask(server, "POST" + head + "x".repeat(1_000_000)));
        assertAnswer("200", "page", ask(server, "GET" + head + "x".repeat(1_000_000)));
        String two = get(server, "/page HTTP/1.1\r\nHost: localhost\r\n\r\nGET /quick");
        assertEquals(two.indexOf("HTTP/1.1"), two.lastIndexOf("HTTP/1.1"), two);
    }

    @Test
    void whoHasClosedItsHalfGetsTheAnswer() throws Exception {
        WebServer server = server(10, LONG);
        Socket socket = send(server, "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.shutdownOutput();
        assertAnswer("200", "page", answer(socket));
        Socket half = send(server, "GET /page HTTP/1.1\r\n");
        half.shutdownOutput();
        assertAnswer("400", "not a request", answer(half));
    }
}
