// The list of referrals: what happens to them meanwhile is told, and stands there after a reload.
import { watch } from "./live.js";
import { tellReferrals } from "./referral-news.js";

const page = document.querySelector("[data-events]");

watch(page.dataset.events, page.dataset.mark, {
  whileHidden: false,
  onState() {},
  onEvent(name, data) {
    if (name === "reload") location.reload();
    else if (name === "referrals") tellReferrals(data);
  },
});
