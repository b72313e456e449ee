import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import microsoft.exchange.webservices.data.core.ExchangeService;
import microsoft.exchange.webservices.data.core.PropertySet;
import microsoft.exchange.webservices.data.core.enumeration.misc.ConnectingIdType;
import microsoft.exchange.webservices.data.core.enumeration.misc.ExchangeVersion;
import microsoft.exchange.webservices.data.core.enumeration.notification.EventType;
import microsoft.exchange.webservices.data.core.enumeration.property.WellKnownFolderName;
import microsoft.exchange.webservices.data.core.enumeration.search.FolderTraversal;
import microsoft.exchange.webservices.data.core.enumeration.service.SyncFolderItemsScope;
import microsoft.exchange.webservices.data.core.exception.service.remote.ServiceResponseException;
import microsoft.exchange.webservices.data.core.service.folder.Folder;
import microsoft.exchange.webservices.data.core.service.item.EmailMessage;
import microsoft.exchange.webservices.data.credential.WebCredentials;
import microsoft.exchange.webservices.data.misc.ImpersonatedUserId;
import microsoft.exchange.webservices.data.notification.PushSubscription;
import microsoft.exchange.webservices.data.property.complex.FolderId;
import microsoft.exchange.webservices.data.property.complex.ItemId;
import microsoft.exchange.webservices.data.search.FolderView;
import microsoft.exchange.webservices.data.sync.ChangeCollection;
import microsoft.exchange.webservices.data.sync.ItemChange;

/** Runs the EWS Java API: reads calls from stdin and answers on stdout, a line each; see client_process.py. */
public final class EwsClient {
    private static final EventType[] EVENT_TYPES = {
        EventType.NewMail, EventType.Created, EventType.Deleted, EventType.Modified, EventType.Moved, EventType.Copied
    };

    private final ExchangeService service;

    private EwsClient(String url, String version, String user, String password) throws Exception {
        service = new ExchangeService(ExchangeVersion.valueOf(version));
        service.setCredentials(new WebCredentials(user, password));
        service.setUrl(new URI(url));
    }

    public static void main(String[] options) throws Exception {
        EwsClient client = new EwsClient(options[0], options[1], options[2], options[3]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(json(client.answer(line.split(" ", -1))));
        }
    }

    private Map<String, Object> answer(String[] words) {
        try {
            return call(words);
        } catch (Exception error) {
            return map("error", code(error), "text", error.getMessage());
        }
    }

    /** A SOAP fault is the cause of the exception, a response message the exception itself. */
    private static String code(Throwable error) {
        for (Throwable each = error; each != null; each = each.getCause()) {
            if (each instanceof ServiceResponseException) {
                return ((ServiceResponseException) each).getErrorCode().toString();
            }
        }
        return error.getClass().getSimpleName();
    }

    private Map<String, Object> call(String[] words) throws Exception {
        switch (words[0]) {
            case "impersonate":
                service.setImpersonatedUserId(new ImpersonatedUserId(ConnectingIdType.valueOf(words[1]), words[2]));
                return map();
            case "subscribe":
                return subscribe(words[1], words[2]);
            case "folders":
                return folders();
            case "folder":
                return folder(words[1]);
            case "sync":
                return sync(words[1], Integer.parseInt(words[2]));
            case "item":
                return item(words[1]);
            case "resolve":
                service.resolveName(words[1]);
                return map();
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private Map<String, Object> subscribe(String callback, String watermark) throws Exception {
        PushSubscription subscription = service.subscribeToPushNotificationsOnAllFolders(
            new URI(callback), 1, watermark.isEmpty() ? null : watermark, EVENT_TYPES);
        return map("id", subscription.getId(), "watermark", subscription.getWaterMark());
    }

    private Map<String, Object> folders() throws Exception {
        FolderView view = new FolderView(100);
        view.setTraversal(FolderTraversal.Deep);
        List<Folder> found = service.findFolders(WellKnownFolderName.MsgFolderRoot, view).getFolders();
        List<Object> names = new ArrayList<>();
        for (Folder folder : found) {
            names.add(folder.getDisplayName());
        }
        return map("folders", names);
    }

    private Map<String, Object> folder(String id) throws Exception {
        Folder folder = Folder.bind(service, new FolderId(id));
        return map("name", folder.getDisplayName(), "total", folder.getTotalCount(), "unread", folder.getUnreadCount());
    }

    private Map<String, Object> sync(String state, int most) throws Exception {
        ChangeCollection<ItemChange> page = service.syncFolderItems(
            new FolderId(WellKnownFolderName.Inbox), PropertySet.FirstClassProperties, null, most,
            SyncFolderItemsScope.NormalItems, state.isEmpty() ? null : state);
        List<Object> changes = new ArrayList<>();
        for (ItemChange change : page) {
            changes.add(List.of(change.getChangeType().toString(), change.getItemId().getUniqueId()));
        }
        return map("changes", changes, "state", page.getSyncState(), "more", page.getMoreChangesAvailable());
    }

    private Map<String, Object> item(String id) throws Exception {
        EmailMessage item = EmailMessage.bind(service, new ItemId(id), PropertySet.FirstClassProperties);
        return map(
            "subject", item.getSubject(), "from", item.getFrom().getAddress(), "body", item.getBody().toString(),
            "item_class", item.getItemClass(), "size", item.getSize(), "read", item.getIsRead());
    }

    private static Map<String, Object> map(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int position = 0; position < namesAndValues.length; position += 2) {
            map.put((String) namesAndValues[position], namesAndValues[position + 1]);
        }
        return map;
    }

    private static String json(Object value) {
        if (value instanceof Map) {
            return ((Map<?, ?>) value).entrySet().stream()
                .map(entry -> json(entry.getKey()) + ": " + json(entry.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
        }
        if (value instanceof Iterable) {
            return StreamSupport.stream(((Iterable<?>) value).spliterator(), false)
                .map(EwsClient::json)
                .collect(Collectors.joining(", ", "[", "]"));
        }
        return value instanceof String ? quoted((String) value) : String.valueOf(value);
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            boolean isPlain = each >= ' ' && each < 127 && each != '"' && each != '\\';
            quoted.append(isPlain ? String.valueOf(each) : String.format("\\u%04x", (int) each));
        }
        return quoted.append('"').toString();
    }
}
