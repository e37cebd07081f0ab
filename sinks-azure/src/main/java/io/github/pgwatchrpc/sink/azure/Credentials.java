package io.github.pgwatchrpc.sink.azure;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.HttpPipelineSyncPolicy;
import com.azure.core.http.policy.RetryPolicy;
import com.azure.identity.AadCredentialBuilderBase;
import com.azure.identity.AzureCliCredentialBuilder;
import com.azure.identity.ClientAssertionCredentialBuilder;
import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Azure's credentials, made of what the options say. */
final class Credentials {

    private Credentials() {}

    /**
     * Makes credentials; asks nobody yet.
     *
     * @param identity who the sink is
     * @param http sends requests
     * @param retry whether requests are sent again
     * @throws IOException if a file cannot be read; the message names it
     */
    static TokenCredential of(Identity identity, HttpClient http, RetryPolicy retry) throws IOException {
        return switch (identity.kind()) {
            case DEFAULT -> {
                DefaultAzureCredentialBuilder builder = new DefaultAzureCredentialBuilder()
                        .authorityHost(identity.authority())
                        .httpClient(http)
                        .retryPolicy(retry)
                        .addPolicy(new BusyPolicy());
                if (identity.tenant() != null) {
                    builder.tenantId(identity.tenant());
                }
                if (identity.client() != null) {
                    builder.managedIdentityClientId(identity.client()).workloadIdentityClientId(identity.client());
                }
                if (!identity.known()) {
                    builder.disableInstanceDiscovery();
                }
                yield builder.build();
            }
            case CLIENT_SECRET ->
                entra(new ClientSecretCredentialBuilder(), identity, http, retry)
                        .clientSecret(secret(identity))
                        .build();
            case CLIENT_CERTIFICATE ->
                certificate(entra(new ClientCertificateCredentialBuilder(), identity, http, retry), identity)
                        .build();
            case MANAGED_IDENTITY -> {
                ManagedIdentityCredentialBuilder builder = new ManagedIdentityCredentialBuilder()
                        .httpClient(http)
                        .retryPolicy(retry)
                        .addPolicy(new BusyPolicy());
                if (identity.client() != null) {
                    builder.clientId(identity.client());
                }
                yield builder.build();
            }
            case WORKLOAD_IDENTITY -> workload(identity, http, retry);
            case AZURE_CLI -> {
                AzureCliCredentialBuilder builder = new AzureCliCredentialBuilder();
                if (identity.tenant() != null) {
                    builder.tenantId(identity.tenant());
                }
                yield builder.build();
            }
        };
    }

    private static <T extends AadCredentialBuilderBase<T>> T entra(
            T builder, Identity identity, HttpClient http, RetryPolicy retry) {
        builder.authorityHost(identity.authority())
                .httpClient(http)
                .retryPolicy(retry)
                .addPolicy(new BusyPolicy());
        if (identity.tenant() != null) {
            builder.tenantId(identity.tenant());
        }
        if (identity.client() != null) {
            builder.clientId(identity.client());
        }
        if (!identity.known()) {
            builder.disableInstanceDiscovery();
        }
        return builder;
    }

    private static String secret(Identity identity) throws IOException {
        String secret = identity.secret();
        if (secret != null) {
            return secret;
        }
        String file = Objects.requireNonNull(identity.secretFile(), "client-secret-file");
        String text = Files.readString(Path.of(file)).strip();
        if (text.isEmpty()) {
            throw new IOException(file + ": empty (expected: a client secret)");
        }
        return text;
    }

    /**
     * Not by Azure's own workload identity: that asks for tokens with another HTTP client, which knows nothing of whom we
     * trust. What is not given comes from the environment, as there.
     */
    private static TokenCredential workload(Identity identity, HttpClient http, RetryPolicy retry) throws IOException {
        Path file = Path.of(given(identity.tokenFile(), "AZURE_FEDERATED_TOKEN_FILE", "federated-token-file"));
        if (Files.readString(file).isBlank()) {
            throw new IOException(file + ": empty (expected: the workload's token)");
        }
        ClientAssertionCredentialBuilder builder = entra(new ClientAssertionCredentialBuilder(), identity, http, retry)
                .clientAssertion(() -> {
                    try {
                        // the platform replaces it
                        return Files.readString(file).strip();
                    } catch (IOException e) {
                        // without its cause, which is no failure of the network
                        throw new IllegalStateException(e.toString());
                    }
                });
        return builder.tenantId(given(identity.tenant(), "AZURE_TENANT_ID", "tenant-id"))
                .clientId(given(identity.client(), "AZURE_CLIENT_ID", "client-id"))
                .build();
    }

    private static String given(@Nullable String option, String variable, String name) {
        String value = option == null ? System.getenv(variable) : option;
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(variable + ": missing (expected: set, or option " + name + " given)");
        }
        return value;
    }

    /** Looks into the file first, since to Azure's clients one that is no certificate fails like a network. */
    private static ClientCertificateCredentialBuilder certificate(
            ClientCertificateCredentialBuilder builder, Identity identity) throws IOException {
        String file = Objects.requireNonNull(identity.certificate(), "client-certificate");
        byte[] bytes = Files.readAllBytes(Path.of(file));
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (text.contains("-----BEGIN ")) {
            for (String part : new String[] {"CERTIFICATE", "PRIVATE KEY"}) {
                if (!text.contains("-----BEGIN " + part + "-----")) {
                    throw new IOException(file + ": no " + part + " (expected: a certificate and its key, PKCS #8)");
                }
            }
            return builder.pemCertificate(file);
        }
        String password = identity.certificatePassword();
        try {
            KeyStore.getInstance("PKCS12")
                    .load(new ByteArrayInputStream(bytes), password == null ? new char[0] : password.toCharArray());
        } catch (GeneralSecurityException | IOException e) {
            throw new IOException(file + ": neither PEM nor PFX with this password: " + e.getMessage(), e);
        }
        builder.pfxCertificate(file);
        return password == null ? builder : builder.clientCertificatePassword(password);
    }

    /** Those who give tokens are busy or broken. */
    static final class Busy extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final Duration after;

        private Busy(int status, Duration after) {
            super(Integer.toString(status));
            this.after = after;
        }

        /** When to come again; zero if they do not say. */
        Duration after() {
            return after;
        }
    }

    /** Sees it before Azure's clients try again, or make something else of an answer that they do not expect. */
    private static final class BusyPolicy extends HttpPipelineSyncPolicy {
        @Override
        protected HttpResponse afterReceivedResponse(HttpPipelineCallContext context, HttpResponse response) {
            int status = response.getStatusCode();
            if (status != 429 && status < 500) {
                return response;
            }
            Duration after = Ingestion.retryAfter(response);
            response.close();
            throw new Busy(status, after);
        }
    }
}
