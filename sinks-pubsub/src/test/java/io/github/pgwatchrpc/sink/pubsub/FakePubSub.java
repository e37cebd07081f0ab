package io.github.pgwatchrpc.sink.pubsub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.iam.v1.TestIamPermissionsRequest;
import com.google.iam.v1.TestIamPermissionsResponse;
import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.pubsub.v1.CreateSchemaRequest;
import com.google.pubsub.v1.GetTopicRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import com.google.pubsub.v1.PublisherGrpc;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Schema;
import com.google.pubsub.v1.SchemaServiceGrpc;
import com.google.pubsub.v1.Topic;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Pub/Sub's publishing half on a port of this machine. It enforces the limits that the service documents, all of a request
 * or nothing, and checks messages against the topic's schema.
 */
final class FakePubSub implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();

    private static final int MAX_REQUEST = 10_000_000;
    private static final String BEARER = "Bearer ";
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Object lock = new Object();
    private final Map<String, Topic> topics = new TreeMap<>();
    private final Map<String, Schema> schemas = new TreeMap<>();
    private final List<PubsubMessage> messages = new ArrayList<>();
    private final List<PublishRequest> requests = new ArrayList<>();
    private final Set<String> permissions = new HashSet<>(Set.of("pubsub.topics.publish"));
    private final boolean withPermissions;
    private final TestCertificate certificate;
    private Server server;
    private int port;
    private long nextId;

    /** What becomes of a request instead of its being stored; null to store it. */
    volatile Function<PublishRequest, Reply> instead = request -> null;

    /** What calls other than publish fail with; null for nothing. */
    volatile Status broken;

    /** Which bearer tokens are good; null if nobody is asked for one. */
    volatile Predicate<String> tokens;

    /** What a request is answered with. */
    sealed interface Reply {
        /** An error. */
        record Error(RuntimeException error) implements Reply {}

        /** No answer ever. */
        record Never() implements Reply {}

        /** Stored, and then an error. */
        record Lost(RuntimeException error) implements Reply {}

        /** Stored, and then an answer with an id too few. */
        record Short() implements Reply {}
    }

    private FakePubSub(boolean withPermissions, TestCertificate certificate) {
        this.withPermissions = withPermissions;
        this.certificate = certificate;
    }

    /** Without IAM, as Google's emulator. */
    static FakePubSub start() throws IOException {
        FakePubSub fake = new FakePubSub(false, null);
        fake.up();
        return fake;
    }

    /** With IAM, as the service. */
    static FakePubSub withPermissions() throws IOException {
        FakePubSub fake = new FakePubSub(true, null);
        fake.up();
        return fake;
    }

    /** With IAM, as the service, and with TLS. */
    static FakePubSub overTls(TestCertificate certificate) throws IOException {
        FakePubSub fake = new FakePubSub(true, certificate);
        fake.up();
        return fake;
    }

    static Reply error(Status status) {
        return new Reply.Error(status.asRuntimeException());
    }

    static Reply busy(java.time.Duration retryAfter) {
        return new Reply.Error(busyError(retryAfter));
    }

    static StatusRuntimeException busyError(java.time.Duration retryAfter) {
        RetryInfo info = RetryInfo.newBuilder()
                .setRetryDelay(Duration.newBuilder().setSeconds(retryAfter.toSeconds()))
                .build();
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Code.RESOURCE_EXHAUSTED_VALUE)
                .setMessage("quota of publisher throughput exceeded")
                .addDetails(Any.pack(info))
                .build());
    }

    // ---- what it holds ----

    void createTopic(String name) {
        synchronized (lock) {
            topics.put(name, Topic.newBuilder().setName(name).build());
        }
    }

    void deleteTopic(String name) {
        synchronized (lock) {
            topics.remove(name);
        }
    }

    Topic topic(String name) {
        synchronized (lock) {
            return topics.get(name);
        }
    }

    Schema schema(String name) {
        synchronized (lock) {
            return schemas.get(name);
        }
    }

    void deny() {
        synchronized (lock) {
            permissions.clear();
        }
    }

    /** All messages in the order of their storing. */
    List<PubsubMessage> messages() {
        synchronized (lock) {
            return List.copyOf(messages);
        }
    }

    /** All requests that came, stored or not, in the order of their coming. */
    List<PublishRequest> requests() {
        synchronized (lock) {
            return List.copyOf(requests);
        }
    }

    // ---- the server ----

    String address() {
        return "127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    void up() throws IOException {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                .maxInboundMessageSize(2 * MAX_REQUEST)
                .directExecutor()
                .intercept(this::authorized)
                .addService(new Publisher())
                .addService(new Schemas());
        if (certificate != null) {
            builder.useTransportSecurity(pem(certificate.certificatePem()), pem(certificate.privateKeyPem()));
        }
        if (withPermissions) {
            builder.addService(permissionService());
        }
        server = builder.build().start();
        port = server.getPort();
    }

    void down() throws InterruptedException {
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static InputStream pem(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
    }

    private <Q, A> ServerCall.Listener<Q> authorized(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Predicate<String> good = tokens;
        String authorization = String.valueOf(headers.get(AUTHORIZATION));
        if (good == null || (authorization.startsWith(BEARER) && good.test(authorization.substring(BEARER.length())))) {
            return next.startCall(call, headers);
        }
        call.close(
                Status.UNAUTHENTICATED.withDescription("Request had invalid authentication credentials."),
                new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private ServerServiceDefinition permissionService() {
        MethodDescriptor<TestIamPermissionsRequest, TestIamPermissionsResponse> method =
                MethodDescriptor.<TestIamPermissionsRequest, TestIamPermissionsResponse>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName("google.iam.v1.IAMPolicy/TestIamPermissions")
                        .setRequestMarshaller(ProtoUtils.marshaller(TestIamPermissionsRequest.getDefaultInstance()))
                        .setResponseMarshaller(ProtoUtils.marshaller(TestIamPermissionsResponse.getDefaultInstance()))
                        .build();
        return ServerServiceDefinition.builder("google.iam.v1.IAMPolicy")
                .addMethod(method, ServerCalls.asyncUnaryCall((question, observer) -> {
                    if (broken != null) {
                        observer.onError(broken.asRuntimeException());
                        return;
                    }
                    TestIamPermissionsResponse.Builder answer = TestIamPermissionsResponse.newBuilder();
                    synchronized (lock) {
                        // no error for a topic that is not there
                        if (topics.containsKey(question.getResource())) {
                            question.getPermissionsList().stream()
                                    .filter(permissions::contains)
                                    .forEach(answer::addPermissions);
                        }
                    }
                    observer.onNext(answer.build());
                    observer.onCompleted();
                }))
                .build();
    }

    private <T> void answer(StreamObserver<T> observer, java.util.function.Supplier<T> answer) {
        try {
            if (broken != null) {
                throw broken.asRuntimeException();
            }
            T value = answer.get();
            observer.onNext(value);
            observer.onCompleted();
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        }
    }

    private static StatusRuntimeException missing(String what) {
        return Status.NOT_FOUND
                .withDescription("Resource not found (resource=" + what + ").")
                .asRuntimeException();
    }

    private static StatusRuntimeException invalid(String why) {
        return Status.INVALID_ARGUMENT.withDescription(why).asRuntimeException();
    }

    private final class Schemas extends SchemaServiceGrpc.SchemaServiceImplBase {
        @Override
        public void createSchema(CreateSchemaRequest request, StreamObserver<Schema> observer) {
            answer(observer, () -> {
                String name = request.getParent() + "/schemas/" + request.getSchemaId();
                synchronized (lock) {
                    if (schemas.containsKey(name)) {
                        throw Status.ALREADY_EXISTS.withDescription(name).asRuntimeException();
                    }
                    Schema schema =
                            request.getSchema().toBuilder().setName(name).build();
                    schemas.put(name, schema);
                    return schema;
                }
            });
        }
    }

    private final class Publisher extends PublisherGrpc.PublisherImplBase {
        @Override
        public void getTopic(GetTopicRequest request, StreamObserver<Topic> observer) {
            answer(observer, () -> {
                Topic there = topic(request.getTopic());
                if (there == null) {
                    throw missing(request.getTopic());
                }
                return there;
            });
        }

        @Override
        public void createTopic(Topic topic, StreamObserver<Topic> observer) {
            answer(observer, () -> {
                synchronized (lock) {
                    if (topics.putIfAbsent(topic.getName(), topic) != null) {
                        throw Status.ALREADY_EXISTS
                                .withDescription(topic.getName())
                                .asRuntimeException();
                    }
                    return topic;
                }
            });
        }

        @Override
        public void publish(PublishRequest request, StreamObserver<PublishResponse> observer) {
            synchronized (lock) {
                requests.add(request);
            }
            Reply reply = instead.apply(request);
            if (reply instanceof Reply.Never) {
                return;
            } else if (reply instanceof Reply.Error failure) {
                observer.onError(failure.error());
                return;
            }
            PublishResponse.Builder ids = PublishResponse.newBuilder();
            try {
                synchronized (lock) {
                    check(request);
                    for (PubsubMessage message : request.getMessagesList()) {
                        String id = String.valueOf(++nextId);
                        messages.add(message.toBuilder().setMessageId(id).build());
                        ids.addMessageIds(id);
                    }
                }
            } catch (StatusRuntimeException e) {
                observer.onError(e);
                return;
            }
            if (reply instanceof Reply.Lost lost) {
                observer.onError(lost.error());
                return;
            }
            if (reply instanceof Reply.Short) {
                ids.clearMessageIds().addAllMessageIds(Collections.nCopies(request.getMessagesCount() - 1, "x"));
            }
            observer.onNext(ids.build());
            observer.onCompleted();
        }
    }

    // ---- limits ----

    private void check(PublishRequest request) {
        Topic topic = topics.get(request.getTopic());
        if (topic == null) {
            throw missing(request.getTopic());
        }
        int count = request.getMessagesCount();
        if (count < 1 || count > 1_000) {
            throw invalid("The value for message_count is too large. You passed " + count);
        } else if (request.getSerializedSize() > MAX_REQUEST) {
            throw invalid("The value for request_size is too large. You passed " + request.getSerializedSize());
        }
        Set<String> keys = new HashSet<>();
        request.getMessagesList().forEach(message -> {
            keys.add(message.getOrderingKey());
            check(message);
            check(message, topic);
        });
        if (keys.size() > 1) {
            throw invalid("In a single publish request, all messages must have no ordering key or the same one.");
        }
    }

    private static void check(PubsubMessage message) {
        if (message.getData().isEmpty() && message.getAttributesCount() == 0) {
            throw invalid("Some messages have neither data nor attributes.");
        } else if (message.getData().size() > MAX_REQUEST) {
            throw invalid("The value for message_size is too large.");
        } else if (message.getAttributesCount() > 100) {
            throw invalid("The value for attribute_count is too large.");
        } else if (utf8(message.getOrderingKey()) > 1_024) {
            throw invalid("The value for ordering_key is too long.");
        }
        message.getAttributesMap().forEach((key, value) -> {
            if (key.isEmpty() || utf8(key) > 256 || key.startsWith("goog") || utf8(value) > 1_024) {
                throw invalid("Attribute key or value is invalid: " + key);
            }
        });
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private void check(PubsubMessage message, Topic topic) {
        Schema schema = schemas.get(topic.getSchemaSettings().getSchema());
        if (schema != null) {
            try {
                String difference = difference(
                        JSON.readTree(schema.getDefinition()),
                        JSON.readTree(message.getData().toByteArray()),
                        "message");
                if (!difference.isEmpty()) {
                    throw invalid("Invalid data in message: Message failed schema validation: " + difference);
                }
            } catch (IOException e) {
                throw invalid("Invalid data in message: " + e.getMessage());
            }
        }
    }

    /** Why a value is none of an Avro type in Avro's JSON; empty if it is one. */
    private static String difference(JsonNode type, JsonNode value, String where) {
        String name = type.isTextual()
                ? type.textValue()
                : type.get("type").isTextual() ? type.get("type").textValue() : "";
        switch (name) {
            case "" -> {
                return difference(type.get("type"), value, where);
            }
            case "string" -> {
                return value.isTextual() ? "" : where + ": " + value;
            }
            case "long" -> {
                return value.isIntegralNumber() && value.canConvertToLong() ? "" : where + ": " + value;
            }
            case "map" -> {
                return value.isObject() ? first(value, each -> difference(type.get("values"), each, where)) : where;
            }
            case "array" -> {
                return value.isArray() ? first(value, each -> difference(type.get("items"), each, where)) : where;
            }
            case "record" -> {
                Map<String, JsonNode> fields = new LinkedHashMap<>();
                type.get("fields").forEach(field -> fields.put(field.get("name").textValue(), field));
                if (!value.isObject() || value.size() != fields.size()) {
                    return where + ": " + value;
                }
                for (Map.Entry<String, JsonNode> field : fields.entrySet()) {
                    JsonNode there = value.get(field.getKey());
                    String inside = there == null
                            ? field.getKey() + ": missing"
                            : difference(field.getValue().get("type"), there, field.getKey());
                    if (!inside.isEmpty()) {
                        return where + "." + inside;
                    }
                }
                return "";
            }
            default -> throw new IllegalStateException(name);
        }
    }

    private static String first(JsonNode values, Function<JsonNode, String> difference) {
        for (JsonNode each : values) {
            String found = difference.apply(each);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return "";
    }
}
