import { storeContract } from "@hookwright/testing";
import { SqliteRig } from "./sqlite-rig.test.support.js";

storeContract({
  name: "sqlite",
  create: async () => {
    const rig = new SqliteRig();
    return {
      store: await rig.open(),
      reopen: async () => {
        await rig.kill();
        return rig.open();
      },
      dispose: () => rig.dispose(),
    };
  },
});
