package io.github.pgwatchrpc.sink.pubsub;

import com.google.api.core.ApiFuture;
import com.google.api.gax.batching.BatchingSettings;
import com.google.api.gax.core.BackgroundResource;
import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.api.gax.rpc.ApiCallContext;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.StatusCode;
import com.google.api.gax.rpc.StubSettings;
import com.google.api.gax.rpc.UnaryCallSettings;
import com.google.api.gax.rpc.UnaryCallable;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.auth.oauth2.ServiceAccountCredentials;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.cloud.pubsub.v1.stub.PublisherStubSettings;
import com.google.cloud.pubsub.v1.stub.SchemaServiceStub;
import com.google.cloud.pubsub.v1.stub.SchemaServiceStubSettings;
import com.google.iam.v1.TestIamPermissionsRequest;
import com.google.pubsub.v1.CreateSchemaRequest;
import com.google.pubsub.v1.Encoding;
import com.google.pubsub.v1.GetTopicRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import com.google.pubsub.v1.Schema;
import com.google.pubsub.v1.SchemaSettings;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.grpc.CallOptions;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection to the service, for one topic. It tries nothing twice: whoever calls does. Thread-safe. */
final class Topic {

    private static final String PUBLISH = "pubsub.topics.publish";

    /** What is under way is told to end, so it does at once; threads may take a moment. */
    private static final long CLOSE_SECONDS = 2;

    private final PubSubSettings settings;
    private final PublisherStub stub;
    private final ApiCallContext publishing;

    private Topic(PubSubSettings settings, PublisherStub stub) {
        this.settings = settings;
        this.stub = stub;
        publishing = GrpcCallContext.createDefault()
                .withCallOptions(
                        settings.compression() == PubSubSettings.Compression.TRANSPORT
                                ? CallOptions.DEFAULT.withCompression("gzip")
                                : CallOptions.DEFAULT);
    }

    /**
     * Finds credentials and makes a channel, which connects with the first call.
     *
     * @throws IOException if there are no credentials
     */
    static Topic connect(PubSubSettings settings) throws IOException {
        PublisherStubSettings.Builder builder = PublisherStubSettings.newBuilder();
        reach(builder, settings, PublisherStubSettings.defaultGrpcTransportProviderBuilder());
        builder.applyToAllUnaryMethods(method -> once(method, settings.timeout()));
        once(builder.publishSettings(), settings.timeout());
        builder.publishSettings()
                .setBatchingSettings(
                        BatchingSettings.newBuilder().setIsEnabled(false).build());
        return new Topic(settings, builder.build().createStub());
    }

    private static void reach(
            StubSettings.Builder<?, ?> builder,
            PubSubSettings settings,
            InstantiatingGrpcChannelProvider.Builder channels)
            throws IOException {
        if (settings.emulator() != null) {
            builder.setEndpoint(settings.emulator());
            builder.setCredentialsProvider(NoCredentialsProvider.create());
            channels.setChannelConfigurator(channel -> channel.usePlaintext());
        } else {
            if (settings.endpoint() != null) {
                builder.setEndpoint(settings.endpoint());
            }
            if (settings.credentials() != null) {
                builder.setCredentialsProvider(FixedCredentialsProvider.create(read(settings.credentials())));
            }
        }
        builder.setTransportChannelProvider(channels.build());
    }

    /**
     * Credentials of a file. Google's client would read it once in the life of a process, and never see that it was mended.
     */
    private static GoogleCredentials read(String file) throws IOException {
        GoogleCredentials credentials;
        try (InputStream in = new FileInputStream(file)) {
            credentials = GoogleCredentials.fromStream(in);
        }
        if (credentials.createScopedRequired()) {
            credentials = credentials.createScoped(PublisherStubSettings.getDefaultServiceScopes());
        }
        return credentials instanceof ServiceAccountCredentials account
                ? account.createWithUseJwtAccessWithScope(true)
                : credentials;
    }

    private static @Nullable Void once(UnaryCallSettings.Builder<?, ?> method, Duration timeout) {
        method.setRetryableCodes(Set.of()).setSimpleTimeoutNoRetriesDuration(timeout);
        return null;
    }

    // ---- calls ----

    /** Sends a request. */
    ApiFuture<PublishResponse> publish(PublishRequest request) {
        return stub.publishCallable().futureCall(request, publishing);
    }

    /**
     * Asks whether the topic is there and would take messages.
     *
     * @param withPermissions whether there are permissions to be had, which emulators do not have
     */
    Readiness probe(boolean withPermissions) throws InterruptedException {
        boolean told = withPermissions;
        try {
            TestIamPermissionsRequest question = TestIamPermissionsRequest.newBuilder()
                    .setResource(settings.topicPath())
                    .addPermissions(PUBLISH)
                    .build();
            if (call(stub.testIamPermissionsCallable(), question)
                    .getPermissionsList()
                    .contains(PUBLISH)) {
                return Readiness.ready();
            }
        } catch (ApiException e) {
            if (e.getStatusCode().getCode() != StatusCode.Code.UNIMPLEMENTED) {
                return failure("look at", e);
            }
            told = false;
        }
        // a topic that is not there is answered with no permissions as well
        try {
            call(stub.getTopicCallable(), get());
        } catch (ApiException e) {
            if (!told || e.getStatusCode().getCode() != StatusCode.Code.PERMISSION_DENIED) {
                return failure("look at", e);
            }
        }
        return told
                ? new Outcome.Paused(
                        "permission " + PUBLISH + " on " + settings.topicPath() + ": missing",
                        "grant the sink's service account roles/pubsub.publisher on the topic, if the topic is there")
                : Readiness.ready();
    }

    /**
     * Makes the topic, and its schema if there is to be one.
     *
     * @param definition the schema in Avro
     */
    Readiness provision(String definition) throws InterruptedException, IOException {
        try {
            return asWanted(call(stub.getTopicCallable(), get()));
        } catch (ApiException e) {
            if (e.getStatusCode().getCode() != StatusCode.Code.NOT_FOUND) {
                return failure("look at", e);
            }
        }
        com.google.pubsub.v1.Topic.Builder topic =
                com.google.pubsub.v1.Topic.newBuilder().setName(settings.topicPath());
        try {
            if (settings.schema() != null) {
                createSchema(settings.schema(), definition);
                topic.setSchemaSettings(SchemaSettings.newBuilder()
                        .setSchema(settings.schemaPath())
                        .setEncoding(Encoding.JSON));
            }
            call(stub.createTopicCallable(), topic.build());
        } catch (ApiException e) {
            return e.getStatusCode().getCode() == StatusCode.Code.ALREADY_EXISTS
                    ? Readiness.ready()
                    : failure("create", e);
        }
        return Readiness.ready();
    }

    private GetTopicRequest get() {
        return GetTopicRequest.newBuilder().setTopic(settings.topicPath()).build();
    }

    private Readiness asWanted(com.google.pubsub.v1.Topic there) {
        String schema = there.getSchemaSettings().getSchema();
        return schema.equals(settings.schemaPath())
                ? Readiness.ready()
                : new Outcome.Paused(
                        "schema of " + settings.topicPath() + ": " + (schema.isEmpty() ? "none" : schema)
                                + " (expected: "
                                + (settings.schema() == null ? "none" : settings.schemaPath()) + ")",
                        "give the sink the option schema as the topic has it, or another topic");
    }

    private void createSchema(String name, String definition) throws InterruptedException, IOException {
        SchemaServiceStubSettings.Builder builder = SchemaServiceStubSettings.newBuilder();
        reach(builder, settings, SchemaServiceStubSettings.defaultGrpcTransportProviderBuilder());
        builder.applyToAllUnaryMethods(method -> once(method, settings.timeout()));
        SchemaServiceStub schemas = builder.build().createStub();
        try {
            call(
                    schemas.createSchemaCallable(),
                    CreateSchemaRequest.newBuilder()
                            .setParent("projects/" + settings.project())
                            .setSchemaId(name)
                            .setSchema(Schema.newBuilder()
                                    .setType(Schema.Type.AVRO)
                                    .setDefinition(definition))
                            .build());
        } catch (ApiException e) {
            if (e.getStatusCode().getCode() != StatusCode.Code.ALREADY_EXISTS) {
                throw e;
            }
        } finally {
            end(schemas);
        }
    }

    private Readiness failure(String what, ApiException error) {
        return Failure.of(what, error, settings).readiness();
    }

    private static <Q, A> A call(UnaryCallable<Q, A> callable, Q question) throws InterruptedException {
        ApiFuture<A> answer = callable.futureCall(question);
        try {
            return answer.get();
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ApiException error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    // ---- the end ----

    /** Takes no more calls; what is under way goes on to its end. */
    void retire() {
        stub.shutdown();
    }

    /** Ends what is under way, and waits a little for the threads. */
    void close() {
        end(stub);
    }

    private static void end(BackgroundResource resource) {
        resource.shutdownNow();
        try {
            resource.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
