// The theme chosen in the settings, taken over once a browser: the switch in the header stays.
{
  const { chosen } = document.currentScript.dataset;
  if (chosen && localStorage.getItem("handrail.theme") !== chosen) {
    localStorage.setItem("handrail.theme", chosen);
    localStorage.setItem("theme", chosen);
  }
}
