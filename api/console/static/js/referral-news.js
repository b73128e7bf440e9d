// What other agencies do with referrals: the numbers in the menu, and a notice on top of the page.
const notice = document.getElementById("referral-news");

export function tellReferrals(data) {
  for (const tag of document.querySelectorAll("[data-referrals]")) {
    const number = data[tag.dataset.referrals];
    tag.textContent = number.toLocaleString(document.documentElement.lang);
    tag.hidden = number === 0;
  }
  if (!notice || !data.news) return;
  notice.hidden = false;
  notice.querySelector(".text").textContent = notice.dataset[data.news];
  notice.querySelector("a").href = data.address;
}
