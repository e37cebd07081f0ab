package io.github.pgwatchrpc.sink.mongo;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;
import org.bson.BsonArray;
import org.bson.BsonBinaryWriter;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;
import org.bson.codecs.EncoderContext;
import org.bson.io.BasicOutputBuffer;

/**
 * Stands between the driver and a server, understands the wire protocol's messages, and fails on demand. It also makes up
 * for what mongo-java-server lacks of time-series collections: that they are listed as such, and that ids in them may be
 * there twice.
 *
 * <p>Source: <a href="https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/">MongoDB Wire Protocol</a>.
 */
final class MongoProxy implements AutoCloseable {

    private static final int OP_MSG = 2013;

    /** What becomes of a command. */
    interface Rule {
        /**
         * Answers in the server's place.
         *
         * @return an answer, or null to hand the command on
         * @throws IOException to break the connection
         */
        BsonDocument answer(String command, BsonDocument body, List<RawBsonDocument> documents) throws IOException;
    }

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<String> timeSeries = ConcurrentHashMap.newKeySet();
    private final List<String> commands = new ArrayList<>();

    private volatile Rule rule = (command, body, documents) -> null;
    private volatile ToIntFunction<BsonDocument> rowErrors = document -> 0;
    private volatile String rowMessage = "";
    private volatile boolean away;
    private volatile boolean hanging;
    private volatile boolean losingAnswers;

    MongoProxy(InetSocketAddress server) throws IOException {
        this.server = server;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** What was asked of the server since the last call. */
    List<String> commands() {
        synchronized (commands) {
            List<String> all = List.copyOf(commands);
            commands.clear();
            return all;
        }
    }

    void rule(Rule next) {
        rule = next;
    }

    /** Codes with which single documents of an insert fail; 0 for those that do not. */
    void rowErrors(ToIntFunction<BsonDocument> next, String message) {
        rowMessage = message;
        rowErrors = next;
    }

    void away() {
        away = true;
        dropConnections();
    }

    void hang() {
        hanging = true;
    }

    void loseAnswers() {
        losingAnswers = true;
    }

    /** No more faults. */
    void mend() {
        rule = (command, body, documents) -> null;
        rowErrors = document -> 0;
        away = false;
        losingAnswers = false;
        if (hanging) {
            hanging = false;
            dropConnections();
        }
    }

    void dropConnections() {
        sockets.forEach(MongoProxy::close);
    }

    static BsonDocument error(int code, String name, String message) {
        return new BsonDocument("ok", new BsonDouble(0))
                .append("code", new BsonInt32(code))
                .append("codeName", new BsonString(name))
                .append("errmsg", new BsonString(message));
    }

    @Override
    public void close() throws IOException {
        listener.close();
        dropConnections();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                if (away) {
                    close(client);
                    continue;
                }
                sockets.add(client);
                start(() -> serve(client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket backend = new Socket(server.getAddress(), server.getPort())) {
            sockets.add(backend);
            client.setTcpNoDelay(true);
            backend.setTcpNoDelay(true);
            DataInputStream fromClient = new DataInputStream(client.getInputStream());
            DataOutputStream toClient = new DataOutputStream(client.getOutputStream());
            DataInputStream fromServer = new DataInputStream(backend.getInputStream());
            DataOutputStream toServer = new DataOutputStream(backend.getOutputStream());
            while (true) {
                byte[] request = read(fromClient);
                if (hanging) {
                    // until somebody closes this
                    fromClient.read();
                    return;
                }
                toClient.write(exchange(request, fromServer, toServer));
            }
        } catch (IOException | UncheckedIOException e) {
            // the connection is over, which is what such a test is about
        } finally {
            sockets.remove(client);
        }
    }

    private byte[] exchange(byte[] request, DataInputStream fromServer, DataOutputStream toServer) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN);
        if (in.getInt(12) != OP_MSG) {
            toServer.write(request);
            return read(fromServer);
        }
        int id = in.getInt(4);
        List<RawBsonDocument> documents = new ArrayList<>();
        BsonDocument body = parse(in, documents);
        String command = body.getFirstKey();
        synchronized (commands) {
            commands.add(command);
        }
        BsonDocument answer = rule.answer(command, body, documents);
        if (answer != null) {
            return message(id, answer);
        } else if (command.equals("insert")) {
            BsonDocument result = insert(request, body, documents, id, fromServer, toServer);
            if (losingAnswers) {
                throw new EOFException("the answer is lost");
            }
            return message(id, result);
        } else if (command.equals("create") && body.containsKey("timeseries")) {
            timeSeries.add(body.getString(command).getValue());
        }
        toServer.write(request);
        byte[] reply = read(fromServer);
        return command.equals("listCollections") ? withTypes(id, reply) : reply;
    }

    private BsonDocument insert(
            byte[] request,
            BsonDocument body,
            List<RawBsonDocument> documents,
            int id,
            DataInputStream fromServer,
            DataOutputStream toServer)
            throws IOException {
        boolean strip = timeSeries.contains(body.getString("insert").getValue());
        BsonArray kept = new BsonArray();
        List<Integer> places = new ArrayList<>();
        BsonArray errors = new BsonArray();
        for (int i = 0; i < documents.size(); i++) {
            int code = rowErrors.applyAsInt(documents.get(i));
            if (code != 0) {
                errors.add(new BsonDocument("index", new BsonInt32(i))
                        .append("code", new BsonInt32(code))
                        .append("errmsg", new BsonString(rowMessage)));
                continue;
            }
            places.add(i);
            if (strip) {
                BsonDocument without = documents.get(i).decode(new BsonDocumentCodec());
                without.remove("_id");
                kept.add(without);
            } else {
                kept.add(documents.get(i));
            }
        }
        BsonDocument result = new BsonDocument("ok", new BsonDouble(1)).append("n", new BsonInt32(kept.size()));
        if (!kept.isEmpty()) {
            boolean asItIs = errors.isEmpty() && !strip;
            toServer.write(asItIs ? request : message(id, body.clone().append("documents", kept)));
            result = parse(ByteBuffer.wrap(read(fromServer)).order(ByteOrder.LITTLE_ENDIAN), new ArrayList<>());
            result.getArray("writeErrors", new BsonArray()).forEach(each -> {
                BsonDocument error = each.asDocument().clone();
                errors.add(error.append(
                        "index",
                        new BsonInt32(places.get(error.getNumber("index").intValue()))));
            });
        }
        return errors.isEmpty() ? result : result.append("writeErrors", errors);
    }

    private byte[] withTypes(int id, byte[] reply) {
        BsonDocument body = parse(ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN), new ArrayList<>());
        body.getDocument("cursor").getArray("firstBatch").forEach(each -> {
            BsonDocument collection = each.asDocument();
            if (timeSeries.contains(collection.getString("name").getValue())) {
                collection.put("type", new BsonString("timeseries"));
            }
        });
        return message(id, body);
    }

    private static BsonDocument parse(ByteBuffer in, List<RawBsonDocument> documents) {
        BsonDocument body = new BsonDocument();
        in.position(20);
        while (in.hasRemaining()) {
            if (in.get() == 0) {
                body = document(in).decode(new BsonDocumentCodec());
            } else {
                int end = in.position() + in.getInt(in.position());
                in.getInt();
                while (in.get() != 0) {
                    // the name of the sequence: there is only one
                }
                while (in.position() < end) {
                    documents.add(document(in));
                }
            }
        }
        return body;
    }

    private static RawBsonDocument document(ByteBuffer in) {
        int length = in.getInt(in.position());
        RawBsonDocument document = new RawBsonDocument(in.array(), in.position(), length);
        in.position(in.position() + length);
        return document;
    }

    private static byte[] message(int responseTo, BsonDocument body) {
        BasicOutputBuffer bson = new BasicOutputBuffer();
        try (BsonBinaryWriter writer = new BsonBinaryWriter(bson)) {
            new BsonDocumentCodec()
                    .encode(writer, body, EncoderContext.builder().build());
        }
        int length = 21 + bson.getPosition();
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(length).putInt(responseTo).putInt(responseTo).putInt(OP_MSG).putInt(0);
        out.put((byte) 0).put(bson.toByteArray());
        return out.array();
    }

    private static byte[] read(DataInputStream in) throws IOException {
        int length = Integer.reverseBytes(in.readInt());
        byte[] message = new byte[length];
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(length);
        in.readFully(message, 4, length - 4);
        return message;
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "mongo-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
