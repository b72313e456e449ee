// Runs ews-javascript-api: reads calls from stdin and answers on stdout, a line each; see client_process.py.
"use strict";

const readline = require("readline");
const ews = require("ews-javascript-api");

const [url, version, user, password] = process.argv.slice(2);
const EVENT_TYPES = ["NewMail", "Created", "Deleted", "Modified", "Moved", "Copied"];

const service = new ews.ExchangeService(ews.ExchangeVersion[version]);
service.Credentials = new ews.WebCredentials(user, password);
service.Url = new ews.Uri(url);

const calls = {
  async impersonate(kind, address) {
    service.ImpersonatedUserId = new ews.ImpersonatedUserId(ews.ConnectingIdType[kind], address);
    return {};
  },

  async subscribe(callback, watermark) {
    const types = EVENT_TYPES.map((name) => ews.EventType[name]);
    const subscription = await service.SubscribeToPushNotificationsOnAllFolders(
      new ews.Uri(callback), 1, watermark || null, ...types);
    return { id: subscription.Id, watermark: subscription.Watermark };
  },

  async folders() {
    const view = new ews.FolderView(100);
    view.Traversal = ews.FolderTraversal.Deep;
    const found = await service.FindFolders(ews.WellKnownFolderName.MsgFolderRoot, view);
    return { folders: found.Folders.map((folder) => folder.DisplayName) };
  },

  async folder(id) {
    const folder = await ews.Folder.Bind(service, new ews.FolderId(id));
    return { name: folder.DisplayName, total: folder.TotalCount, unread: folder.UnreadCount };
  },

  async sync(state, most) {
    const page = await service.SyncFolderItems(
      new ews.FolderId(ews.WellKnownFolderName.Inbox), ews.PropertySet.FirstClassProperties, null, Number(most),
      ews.SyncFolderItemsScope.NormalItems, state || null);
    const changes = page.GetEnumerator().map((change) => [ews.ChangeType[change.ChangeType], change.ItemId.UniqueId]);
    return { changes, state: page.SyncState, more: page.MoreChangesAvailable };
  },

  async item(id) {
    const item = await ews.EmailMessage.Bind(service, new ews.ItemId(id), ews.PropertySet.FirstClassProperties);
    return {
      subject: item.Subject, from: item.From.Address, body: item.Body.Text, item_class: item.ItemClass,
      size: item.Size, read: item.IsRead,
    };
  },

  async resolve(name) {
    await service.ResolveName(name);
    return {};
  },
};

async function answer([name, ...words]) {
  try {
    return await calls[name](...words);
  } catch (error) {
    const code = error.ResponseCode || error.ErrorCode; // of a SOAP fault, or of a response message
    return { error: ews.ServiceError[code] || error.constructor.name, text: String(error.message) };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line.split(" ")))}\n`);
  }
})();
